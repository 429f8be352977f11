#include "session.h"

#include <stdio.h>
#include <string.h>

enum { most_headers = 32, most_refusals = 3 };

static job *job_of(nghttp2_session *session, int32_t stream) {
    return nghttp2_session_get_stream_user_data(session, stream);
}

static int take_field(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_length,
    const uint8_t *value, size_t value_length, uint8_t flags, void *context) {
    connection *self = context;
    (void)flags;
    job *request = job_of(session, frame->hd.stream_id);
    if (request == NULL || frame->hd.type != NGHTTP2_HEADERS) return 0;
    self->answered_ms = now_ms();
    if (name_length == 7 && memcmp(name, ":status", 7) == 0) {
        int status = 0;
        for (size_t i = 0; i < value_length && i < 3; i++) status = status * 10 + (value[i] - '0');
        job_begin_answer(request, status);
    } else if (frame->headers.cat == NGHTTP2_HCAT_RESPONSE || request->status) {
        job_take_header(request, (const char *)name, name_length, (const char *)value, value_length);
    }
    return 0;
}

static int take_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data, size_t length,
    void *context) {
    (void)flags, (void)context;
    job *request = job_of(session, stream);
    if (request && !job_take_body(request, (const char *)data, length))
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
    return 0;
}

static int take_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context) {
    connection *self = context;
    (void)session;
    if (frame->hd.type == NGHTTP2_SETTINGS && self->state == CONNECTION_GREETING) self->state = CONNECTION_OPEN;
    /* RFC 9113, 6.8: what it did not look at ends as refused, the rest is still answered. */
    if (frame->hd.type == NGHTTP2_GOAWAY && self->state != CONNECTION_OVER) self->state = CONNECTION_DRAINING;
    return 0;
}

static int stream_closed(nghttp2_session *session, int32_t stream, uint32_t code, void *context) {
    connection *self = context;
    job *request = job_of(session, stream);
    if (request == NULL) return 0;
    nghttp2_session_set_stream_user_data(session, stream, NULL);
    line_remove(&self->active, request);
    self->idle_ms = now_ms();
    /* RFC 9113, 8.7: it was not looked at, and may be asked again. */
    if (code == NGHTTP2_REFUSED_STREAM && !request->status && request->refusals++ < most_refusals) {
        request->given = 0;
        request->sent = false;
        line_append(&self->refused, request);
        return 0;
    }
    char words[96];
    snprintf(words, sizeof words, "the stream ended: %s", nghttp2_http2_strerror(code));
    job_complete(request, CHTTP_BROKEN, words);
    return 0;
}

static ssize_t give(nghttp2_session *session, int32_t stream, uint8_t *into, size_t room, uint32_t *flags,
    nghttp2_data_source *source, void *context) {
    (void)source, (void)context;
    job *request = job_of(session, stream);
    if (request == NULL) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    size_t left = request->body_length - request->given;
    size_t taken = left < room ? left : room;
    memcpy(into, request->body + request->given, taken);
    request->given += taken;
    if (request->given == request->body_length) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)taken;
}

static int frame_went(nghttp2_session *session, const nghttp2_frame *frame, void *context) {
    (void)context;
    job *request = frame->hd.type == NGHTTP2_HEADERS ? job_of(session, frame->hd.stream_id) : NULL;
    if (request) request->sent = true;
    return 0;
}

nghttp2_session *session_make(connection *owner) {
    nghttp2_session_callbacks *callbacks;
    nghttp2_session *session = NULL;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) return NULL;
    nghttp2_session_callbacks_set_on_header_callback(callbacks, take_field);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, take_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, take_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, frame_went);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_closed);
    int failed = nghttp2_session_client_new(&session, callbacks, owner);
    nghttp2_session_callbacks_del(callbacks);
    if (failed) return NULL;
    nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
    if (nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, 1) == 0) return session;
    nghttp2_session_del(session);
    return NULL;
}

static nghttp2_nv field(const char *name, size_t name_length, const char *value, size_t value_length, bool is_kept) {
    return (nghttp2_nv){
        .name = (uint8_t *)name,
        .value = (uint8_t *)value,
        .namelen = name_length,
        .valuelen = value_length,
        /* What is another one each time would only push out of the table what is not. */
        .flags = is_kept ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_INDEX,
    };
}

bool session_ask(connection *owner, job *request) {
    nghttp2_nv fields[most_headers];
    size_t count = 0;
    const char *authority = strstr(request->url, "://");
    if (authority == NULL) return false;
    size_t scheme_length = (size_t)(authority - request->url);
    authority += 3;
    size_t authority_length = strcspn(authority, "/?");
    const char *path = authority + authority_length;
    char rooted[8192];
    if (*path != '/') {
        snprintf(rooted, sizeof rooted, "/%s", path);
        path = rooted;
    }
    const char *method = request->body ? "POST" : "GET";
    fields[count++] = field(":method", 7, method, strlen(method), true);
    fields[count++] = field(":scheme", 7, request->url, scheme_length, true);
    fields[count++] = field(":authority", 10, authority, authority_length, true);
    fields[count++] = field(":path", 5, path, strlen(path), false);
    for (struct curl_slist *node = request->headers; node && count < most_headers - 1; node = node->next) {
        const char *colon = strchr(node->data, ':');
        if (colon == NULL || colon == node->data) continue;
        const char *value = colon + 1 + strspn(colon + 1, " ");
        if (*value == 0) continue;
        bool is_id = strncmp(node->data, "apns-id:", 8) == 0;
        fields[count++] = field(node->data, (size_t)(colon - node->data), value, strlen(value), !is_id);
    }
    char length[24];
    if (request->body) {
        int digits = snprintf(length, sizeof length, "%zu", request->body_length);
        fields[count++] = field("content-length", 14, length, (size_t)digits, true);
    }
    nghttp2_data_provider body = {.read_callback = give};
    int32_t stream =
        nghttp2_submit_request(owner->session, NULL, fields, count, request->body ? &body : NULL, request);
    if (stream < 0) return false;
    request->stream = stream;
    return true;
}
