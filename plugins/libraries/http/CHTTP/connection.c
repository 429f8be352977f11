#include "connection.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "handle.h"
#include "session.h"

/* libcurl would speak HTTP/2 itself where it was the one to offer it. */
static CURLcode offer_protocols(CURL *curl, void *tls, void *context) {
    static const unsigned char offered[] = "\x02h2\x08http/1.1";
    CURLcode bad = trust_install(curl, tls, context);
    if (bad != CURLE_OK) return bad;
    return SSL_CTX_set_alpn_protos(tls, offered, sizeof offered - 1) == 0 ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

connection *connection_open(const char *origin, const chttp_options *options, trust *trusted) {
    connection *self = malloc(sizeof *self);
    if (self == NULL) return NULL;
    memset(self, 0, offsetof(connection, out));
    self->socket = CURL_SOCKET_BAD;
    self->most_active = options->most_active;
    self->opened_ms = self->answered_ms = self->idle_ms = now_ms();
    /* A multi handle of its own: nothing else is to look at, reuse or end the connection. */
    self->multi = curl_multi_init();
    self->curl = handle_make(trusted);
    self->session = session_make(self);
    CURLcode bad = CURLE_OK;
    if (self->curl) {
        bad |= curl_easy_setopt(self->curl, CURLOPT_URL, origin);
        bad |= curl_easy_setopt(self->curl, CURLOPT_CONNECT_ONLY, 1L);
        bad |= curl_easy_setopt(self->curl, CURLOPT_SSL_ENABLE_ALPN, 0L);
        bad |= curl_easy_setopt(self->curl, CURLOPT_SSL_CTX_FUNCTION, offer_protocols);
        bad |= curl_easy_setopt(self->curl, CURLOPT_ERRORBUFFER, self->error);
        bad |= curl_easy_setopt(self->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)longest_connect_ms);
        if (options->internet_only) bad |= address_guard_install(self->curl, &self->guard);
    }
    if (self->multi && self->curl && self->session && bad == CURLE_OK &&
        curl_multi_add_handle(self->multi, self->curl) == CURLM_OK)
        return self;
    connection_free(self);
    return NULL;
}

void connection_free(connection *self) {
    if (self->multi && self->curl) curl_multi_remove_handle(self->multi, self->curl);
    if (self->curl) curl_easy_cleanup(self->curl);
    if (self->multi) curl_multi_cleanup(self->multi);
    if (self->session) nghttp2_session_del(self->session);
    free(self);
}

void connection_fail(connection *self, chttp_fault fault, const char *error) {
    if (self->state == CONNECTION_OVER) return;
    /* Over TLS a server that knows HTTP/1.1 alone took part in the handshake; either way it says
     * no SETTINGS, and hangs up or answers in its own tongue. */
    self->speaks_1_1 = self->state == CONNECTION_GREETING && fault == CHTTP_BROKEN;
    self->state = CONNECTION_OVER;
    self->fault = fault;
    if (error != self->error) {
        strncpy(self->error, error, sizeof self->error - 1);
        self->error[sizeof self->error - 1] = 0;
    }
}

static bool connect_further(connection *self) {
    int running, left;
    curl_multi_perform(self->multi, &running);
    CURLMsg *message = curl_multi_info_read(self->multi, &left);
    if (message == NULL || message->msg != CURLMSG_DONE) return false;
    CURLcode result = message->data.result;
    if (result == CURLE_OK) curl_easy_getinfo(self->curl, CURLINFO_ACTIVESOCKET, &self->socket);
    if (result != CURLE_OK || self->socket == CURL_SOCKET_BAD) {
        if (address_guard_refused(&self->guard, result)) {
            connection_fail(self, CHTTP_KEPT_OUT, address_guard_words);
            return true;
        }
        chttp_fault fault = fault_of(result);
        if (fault == CHTTP_NONE || fault == CHTTP_BROKEN || fault == CHTTP_TIMEOUT) fault = CHTTP_UNREACHABLE;
        connection_fail(self, fault, self->error[0] ? self->error : curl_easy_strerror(result));
        return true;
    }
    self->state = CONNECTION_GREETING;
    self->answered_ms = self->idle_ms = now_ms();
    return true;
}

static bool receive(connection *self) {
    static _Thread_local uint8_t buffer[connection_buffer];
    bool some = false;
    while (self->state != CONNECTION_OVER) {
        size_t count = 0;
        CURLcode result = curl_easy_recv(self->curl, buffer, sizeof buffer, &count);
        if (result == CURLE_AGAIN) break;
        if (result != CURLE_OK || count == 0) {
            connection_fail(self, CHTTP_BROKEN, result ? curl_easy_strerror(result) : "the server ended it");
            return true;
        }
        some = true;
        ssize_t taken = nghttp2_session_mem_recv(self->session, buffer, count);
        if (taken < 0) connection_fail(self, CHTTP_BROKEN, nghttp2_strerror((int)taken));
    }
    return some;
}

/* Frames gather here, so that many requests are one write. */
static bool gather(connection *self) {
    self->out_length = self->out_sent = 0;
    /* A frame is of 16 KiB and its header at most. */
    while (self->out_length + 16393 <= sizeof self->out) {
        const uint8_t *frames;
        ssize_t count = nghttp2_session_mem_send(self->session, &frames);
        if (count < 0) connection_fail(self, CHTTP_BROKEN, nghttp2_strerror((int)count));
        if (count <= 0) break;
        if (self->out_length + (size_t)count > sizeof self->out) {
            connection_fail(self, CHTTP_BROKEN, "a frame is too long");
            break;
        }
        memcpy(self->out + self->out_length, frames, (size_t)count);
        self->out_length += (size_t)count;
    }
    return self->out_length > 0;
}

void connection_flush(connection *self) {
    if (self->state == CONNECTION_CONNECTING) return;
    while (self->state != CONNECTION_OVER) {
        if (self->out_sent == self->out_length && !gather(self)) break;
        size_t count = 0;
        CURLcode result = curl_easy_send(self->curl, self->out + self->out_sent, self->out_length - self->out_sent, &count);
        if (result == CURLE_AGAIN) return;
        if (result != CURLE_OK) {
            /* What the server said before it hung up tells more. */
            receive(self);
            return connection_fail(self, CHTTP_BROKEN, curl_easy_strerror(result));
        }
        self->out_sent += count;
    }
    if (self->state == CONNECTION_OVER) return;
    bool is_done = !nghttp2_session_want_read(self->session) && !nghttp2_session_want_write(self->session);
    if (is_done || (self->state == CONNECTION_DRAINING && self->active.count == 0))
        connection_fail(self, CHTTP_BROKEN, "the server ended it");
}

/* Hundreds that hang are looked at seldom, and one that answers soon at once. */
static int64_t connect_pause_ms(int64_t age_ms) {
    int64_t pause = age_ms / 50;
    return pause < least_connect_pause_ms ? least_connect_pause_ms
                                          : pause > longest_connect_pause_ms ? longest_connect_pause_ms : pause;
}

bool connection_step(connection *self) {
    if (self->state == CONNECTION_OVER) return false;
    if (self->state == CONNECTION_CONNECTING) {
        int64_t now = now_ms();
        if (now < self->look_ms) return false;
        self->look_ms = now + connect_pause_ms(now - self->opened_ms);
        bool some = connect_further(self);
        if (self->state == CONNECTION_GREETING) connection_flush(self);
        return some;
    }
    bool some = receive(self);
    connection_flush(self);
    return some;
}

bool connection_has_room(const connection *self) {
    if (self->state != CONNECTION_OPEN) return false;
    uint32_t allowed =
        nghttp2_session_get_remote_settings(self->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    return self->active.count < allowed && self->active.count < self->most_active;
}

bool connection_begin(connection *self, job *request) {
    if (!session_ask(self, request)) {
        self->state = CONNECTION_DRAINING;
        return false;
    }
    request->started_ms = now_ms();
    line_append(&self->active, request);
    return true;
}

void connection_end(connection *self, job *request, chttp_fault fault, const char *error) {
    nghttp2_session_set_stream_user_data(self->session, request->stream, NULL);
    nghttp2_submit_rst_stream(self->session, NGHTTP2_FLAG_NONE, request->stream, NGHTTP2_CANCEL);
    line_remove(&self->active, request);
    self->idle_ms = now_ms();
    job_complete(request, fault, error);
}
