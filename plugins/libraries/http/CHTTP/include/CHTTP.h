/* HTTP with plain values in and out. libcurl opens connections (names, TLS, certificates) and
 * speaks HTTP/1.1; nghttp2, which libcurl itself is made with, speaks HTTP/2 over them. */
#ifndef CHTTP_H
#define CHTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* One thread that carries many requests at once, over connections that it keeps. */
typedef struct chttp_client chttp_client;

typedef enum chttp_protocol {
    CHTTP_1_1 = 0,
    CHTTP_2_FIRST = 1 /* one connection for an origin; HTTP/1.1 with a server that knows no HTTP/2 */
} chttp_protocol;

typedef struct chttp_options {
    const char *ca_file; /* PEM; NULL: the system's certificates */
    chttp_protocol protocol;
    uint32_t plain_connections; /* for a host, in HTTP/1.1 */
    uint32_t most_active;       /* requests under way on a connection; and in HTTP/1.1 of all together */
    uint32_t most_waiting;      /* beyond it a request is not taken */
    uint32_t idle_seconds;      /* a connection that was idle for longer is ended */
    uint32_t body_limit;        /* bytes kept of a response's body */
    bool internet_only;         /* connects to no address for which chttp_is_public is false */
} chttp_options;

typedef enum chttp_fault {
    CHTTP_NONE = 0,        /* an answer: see `status` */
    CHTTP_UNREACHABLE = 1, /* no address, or no connection */
    CHTTP_TLS = 2,         /* no TLS, or a certificate that is not to be trusted */
    CHTTP_TIMEOUT = 3,
    CHTTP_BROKEN = 4,  /* the connection or the stream ended without an answer */
    CHTTP_STOPPED = 5, /* chttp_stop */
    CHTTP_LOCAL = 6,   /* memory, a URL that libcurl does not understand */
    CHTTP_SILENT = 7,  /* nothing on the connection is answered any more, this request included */
    CHTTP_KEPT_OUT = 8 /* the host has no address that may be connected to: see `internet_only` */
} chttp_fault;

/* Valid until the completion returns. */
typedef struct chttp_answer {
    chttp_fault fault;
    bool sent;           /* some of the request went out: the server may have acted on it */
    int status;          /* 0: none came */
    int64_t retry_after; /* seconds; 0: not said, or past */
    const char *apns_id; /* the header; empty: none */
    const uint8_t *body; /* its beginning; it may be incomplete where the connection broke after the header */
    size_t body_length;
    const char *error; /* of a fault; it may hold the URL's host, and no header and no body */
} chttp_answer;

/* Called once for each request taken, from the client's thread. It must not wait. */
typedef void (*chttp_completion)(void *context, const chttp_answer *answer);

/* POST, or GET where `body` is NULL. `url` is http or https, with a host and without a fragment. */
typedef struct chttp_request {
    const char *url;
    size_t url_length;
    const char *headers; /* each `name: value` in small letters, and a NUL */
    size_t headers_length;
    size_t header_count;
    const uint8_t *body;
    size_t body_length;
    int64_t timeout_ms; /* from now, with the wait for its turn */
} chttp_request;

/* NULL: no memory, or no thread. Everything is copied. */
chttp_client *chttp_open(const chttp_options *options);

/* From any thread. Everything is copied. False: stopped, too many wait, or no memory; the
 * completion is not called then. */
bool chttp_submit(chttp_client *client, const chttp_request *request, chttp_completion done, void *context);

/* Completes everything as CHTTP_STOPPED, and returns when that is done, at once on the client's
 * own thread. May be called twice. */
void chttp_stop(chttp_client *client);

/* Whether the address is one of the internet: not of this machine, in any of its networks, of a private or link-local
 * network, a cloud's metadata server, or of nobody. */
bool chttp_is_public(const struct sockaddr *address);

/* Stops and frees. Nobody else may use the client any more. */
void chttp_close(chttp_client *client);

#endif
