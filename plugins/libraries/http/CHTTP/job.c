#define _GNU_SOURCE

#include "job.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void line_append(job_line *line, job *request) {
    request->before = line->last;
    request->after = NULL;
    if (line->last) line->last->after = request;
    else line->first = request;
    line->last = request;
    line->count++;
}

void line_prepend(job_line *line, job *request) {
    request->before = NULL;
    request->after = line->first;
    if (line->first) line->first->before = request;
    else line->last = request;
    line->first = request;
    line->count++;
}

void line_remove(job_line *line, job *request) {
    if (request->before) request->before->after = request->after;
    else line->first = request->after;
    if (request->after) request->after->before = request->before;
    else line->last = request->before;
    line->count--;
}

/* One block: the job, the list's nodes, the text, the body. */
job *job_make(const chttp_request *request, size_t body_limit) {
    size_t nodes = request->header_count * sizeof(struct curl_slist);
    job *made = malloc(sizeof *made + nodes + request->headers_length + request->url_length + 1 + request->body_length);
    if (made == NULL) return NULL;
    memset(made, 0, offsetof(job, error) + 1);
    struct curl_slist *node = (struct curl_slist *)(made + 1);
    char *text = (char *)node + nodes;
    memcpy(text, request->headers, request->headers_length);
    made->headers = request->header_count > 0 ? node : NULL;
    made->header_count = request->header_count;
    for (size_t i = 0; i < request->header_count; i++) {
        node[i].data = text;
        node[i].next = i + 1 < request->header_count ? &node[i + 1] : NULL;
        text += strlen(text) + 1;
    }
    memcpy(text, request->url, request->url_length);
    text[request->url_length] = 0;
    made->url = text;
    text += request->url_length + 1;
    if (request->body) {
        memcpy(text, request->body, request->body_length);
        made->body = (const uint8_t *)text;
        made->body_length = request->body_length;
    }
    made->due_ms = now_ms() + request->timeout_ms;
    made->limit = body_limit;
    return made;
}

/* RFC 9110, 10.2.3: seconds, or a date. */
static int64_t seconds_of(const char *value, size_t length) {
    char text[64];
    if (length == 0 || length >= sizeof text) return 0;
    memcpy(text, value, length);
    text[length] = 0;
    if (strspn(text, "0123456789") == length) return length > 9 ? 999999999 : atol(text);
    time_t date = curl_getdate(text, NULL);
    int64_t left = date == -1 ? 0 : (int64_t)date - (int64_t)time(NULL);
    return left > 0 ? left : 0;
}

void job_begin_answer(job *request, int status) {
    request->status = status < 200 ? 0 : status;
    request->apns_id[0] = 0;
    request->retry_after = 0;
}

static bool is(const char *name, size_t length, const char *other) {
    return length == strlen(other) && strncasecmp(name, other, length) == 0;
}

void job_take_header(job *request, const char *name, size_t name_length, const char *value, size_t value_length) {
    if (is(name, name_length, "retry-after")) request->retry_after = seconds_of(value, value_length);
    if (is(name, name_length, "apns-id")) {
        size_t taken = value_length < sizeof request->apns_id - 1 ? value_length : sizeof request->apns_id - 1;
        memcpy(request->apns_id, value, taken);
        request->apns_id[taken] = 0;
    }
}

bool job_take_body(job *request, const char *data, size_t length) {
    request->received += length;
    if (request->kept_body == NULL && length > 0) {
        request->kept_body = malloc(request->limit);
        if (request->kept_body == NULL) return false;
    }
    size_t room = request->limit - request->kept;
    size_t taken = length < room ? length : room;
    if (taken > 0) memcpy(request->kept_body + request->kept, data, taken);
    request->kept += taken;
    return request->received <= longest_body;
}

void job_complete(job *request, chttp_fault fault, const char *error) {
    chttp_answer answer = {
        .fault = request->status ? CHTTP_NONE : fault,
        .sent = request->sent,
        .status = request->status,
        .retry_after = request->retry_after,
        .apns_id = request->apns_id,
        .body = request->kept_body,
        .body_length = request->kept,
        .error = error,
    };
    request->done(request->context, &answer);
    free(request->kept_body);
    free(request);
}

chttp_fault fault_of(CURLcode result) {
    switch (result) {
    case CURLE_OK:
        return CHTTP_NONE;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return CHTTP_UNREACHABLE;
    case CURLE_OPERATION_TIMEDOUT:
        return CHTTP_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
        return CHTTP_TLS;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
    case CURLE_URL_MALFORMAT:
        return CHTTP_LOCAL;
    default:
        return CHTTP_BROKEN;
    }
}
