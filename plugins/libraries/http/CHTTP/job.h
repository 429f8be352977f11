/* One request on its way. */
#ifndef CHTTP_JOB_H
#define CHTTP_JOB_H

#include <curl/curl.h>

#include "CHTTP.h"
#include "address.h"

/* A body is read up to here, and thrown away behind the limit; then the transfer is ended. */
enum { longest_body = 1 << 20, longest_connect_ms = 10000 };

typedef struct job {
    struct job *before, *after; /* in a line */
    chttp_completion done;
    void *context;
    struct curl_slist *headers; /* in the same block */
    size_t header_count;
    const char *url;
    const uint8_t *body;
    size_t body_length;
    size_t given; /* bytes of the body that went out */
    bool sent;
    int64_t started_ms;
    int64_t due_ms;
    int refusals;
    int32_t stream; /* HTTP/2 */
    CURL *curl;     /* HTTP/1.1 */
    address_guard guard;
    int status;
    int64_t retry_after;
    size_t received;
    size_t kept;
    uint8_t *kept_body;
    size_t limit;
    char apns_id[64];
    char error[CURL_ERROR_SIZE];
} job;

/* In the order of coming. */
typedef struct job_line {
    job *first, *last;
    size_t count;
} job_line;

void line_append(job_line *line, job *request);
void line_prepend(job_line *line, job *request);
void line_remove(job_line *line, job *request);

int64_t now_ms(void);

/* NULL: no memory. */
job *job_make(const chttp_request *request, size_t body_limit);
/* Of a header line or field; names in any case. */
void job_take_header(job *request, const char *name, size_t name_length, const char *value, size_t value_length);
/* A new header block begins: an interim one said nothing. */
void job_begin_answer(job *request, int status);
/* False: there is no memory, or it was enough. */
bool job_take_body(job *request, const char *data, size_t length);
/* With what came, or with a fault where nothing came; frees it. */
void job_complete(job *request, chttp_fault fault, const char *error);

chttp_fault fault_of(CURLcode result);

#endif
