#include "plain.h"

#include <stdlib.h>
#include <string.h>

#include "handle.h"

/* Without a way to go back to the beginning, libcurl cannot send a request again by itself over
 * a new connection once its body went out: whoever pushes decides that, not the transport. */
static size_t give(char *into, size_t size, size_t count, void *context) {
    job *request = context;
    size_t left = request->body_length - request->given;
    size_t taken = size * count < left ? size * count : left;
    memcpy(into, request->body + request->given, taken);
    request->given += taken;
    request->sent = true;
    return taken;
}

static size_t take_body(char *data, size_t size, size_t count, void *context) {
    return job_take_body(context, data, size * count) ? size * count : 0;
}

static size_t take_header(char *data, size_t size, size_t count, void *context) {
    size_t length = size * count, end = length;
    job *request = context;
    if (length > 5 && memcmp(data, "HTTP/", 5) == 0) {
        long status = 0;
        curl_easy_getinfo(request->curl, CURLINFO_RESPONSE_CODE, &status);
        job_begin_answer(request, (int)status);
        return length;
    }
    const char *colon = memchr(data, ':', length);
    if (colon == NULL) return length;
    size_t start = (size_t)(colon - data) + 1;
    while (start < end && (data[start] == ' ' || data[start] == '\t')) start++;
    while (end > start && (unsigned char)data[end - 1] <= ' ') end--;
    job_take_header(request, data, (size_t)(colon - data), data + start, end - start);
    return length;
}

bool plain_open(plain *self, const chttp_options *options, trust *trusted) {
    self->options = options;
    self->trusted = trusted;
    self->multi = curl_multi_init();
    self->pool = calloc(options->most_active + 1, sizeof *self->pool);
    if (self->multi == NULL || self->pool == NULL) return false;
    curl_multi_setopt(self->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)options->plain_connections);
    curl_multi_setopt(self->multi, CURLMOPT_MAXCONNECTS, 64L);
    return true;
}

void plain_close(plain *self) {
    while (self->pool_count > 0) curl_easy_cleanup(self->pool[--self->pool_count]);
    if (self->multi) curl_multi_cleanup(self->multi);
    free(self->pool);
}

static CURL *take_handle(plain *self) {
    if (self->pool_count > 0) return self->pool[--self->pool_count];
    CURL *curl = handle_make(self->trusted);
    if (curl == NULL) return NULL;
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, (long)self->options->idle_seconds);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    return curl;
}

static void give_handle_back(plain *self, CURL *curl) {
    /* Nothing that dies with the request stays in the handle. */
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, NULL);
    self->pool[self->pool_count++] = curl;
}

static bool begin(plain *self, job *request) {
    CURL *curl = take_handle(self);
    if (curl == NULL) return false;
    int64_t left = request->due_ms - now_ms();
    if (left < 1) left = 1;
    request->curl = curl;
    request->given = 0;
    CURLcode bad = CURLE_OK;
    bad |= curl_easy_setopt(curl, CURLOPT_URL, request->url);
    bad |= curl_easy_setopt(curl, CURLOPT_HTTPHEADER, request->headers);
    bad |= curl_easy_setopt(curl, CURLOPT_PRIVATE, request);
    bad |= curl_easy_setopt(curl, CURLOPT_READDATA, request);
    bad |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, request);
    bad |= curl_easy_setopt(curl, CURLOPT_HEADERDATA, request);
    bad |= curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, request->error);
    bad |= curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)left);
    bad |= curl_easy_setopt(
        curl, CURLOPT_CONNECTTIMEOUT_MS, (long)(left < longest_connect_ms ? left : longest_connect_ms));
    if (self->options->internet_only) bad |= address_guard_install(curl, &request->guard);
    if (request->body) {
        bad |= curl_easy_setopt(curl, CURLOPT_POST, 1L);
        bad |= curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
    } else {
        bad |= curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    }
    if (bad != CURLE_OK || curl_multi_add_handle(self->multi, curl) != CURLM_OK) {
        give_handle_back(self, curl);
        return false;
    }
    line_append(&self->active, request);
    return true;
}

static void leave(plain *self, job *request) {
    curl_multi_remove_handle(self->multi, request->curl);
    line_remove(&self->active, request);
    give_handle_back(self, request->curl);
}

static void finish(plain *self, CURL *curl, CURLcode result) {
    job *request = NULL;
    curl_easy_getinfo(curl, CURLINFO_PRIVATE, (char **)&request);
    leave(self, request);
    if (request->status == 0) self->unanswered(self->context, request->url);
    if (address_guard_refused(&request->guard, result))
        return job_complete(request, CHTTP_KEPT_OUT, address_guard_words);
    chttp_fault fault = fault_of(result);
    /* Whatever it stumbled over came after. */
    if (fault == CHTTP_LOCAL && request->sent) fault = CHTTP_BROKEN;
    const char *words = request->error[0] ? request->error : curl_easy_strerror(result);
    job_complete(request, fault == CHTTP_NONE ? CHTTP_BROKEN : fault, words);
}

bool plain_step(plain *self, uint32_t *ended_waiting) {
    bool some = false;
    int64_t now = now_ms();
    for (job *request = self->waiting.first, *next; request; request = next) {
        next = request->after;
        bool is_late = now >= request->due_ms;
        if (!is_late && self->active.count >= self->options->most_active) break;
        line_remove(&self->waiting, request);
        ++*ended_waiting;
        some = true;
        if (is_late) job_complete(request, CHTTP_TIMEOUT, "its turn never came");
        else if (!begin(self, request)) job_complete(request, CHTTP_LOCAL, "libcurl could not begin");
    }
    int running, left;
    curl_multi_perform(self->multi, &running);
    for (CURLMsg *message; (message = curl_multi_info_read(self->multi, &left)) != NULL;) {
        if (message->msg != CURLMSG_DONE) continue;
        finish(self, message->easy_handle, message->data.result);
        some = true;
    }
    return some;
}

void plain_stop(plain *self) {
    for (job *request; (request = self->active.first) != NULL;) {
        leave(self, request);
        job_complete(request, CHTTP_STOPPED, "stopped");
    }
    for (job *request; (request = self->waiting.first) != NULL;) {
        line_remove(&self->waiting, request);
        job_complete(request, CHTTP_STOPPED, "stopped");
    }
}
