/* One HTTP/2 connection: opened by libcurl, framed by nghttp2. */
#ifndef CHTTP_CONNECTION_H
#define CHTTP_CONNECTION_H

#include <nghttp2/nghttp2.h>

#include "job.h"
#include "CTrust.h"

/* Where it can go: connecting -> greeting -> open -> draining -> over; from each at once to over. */
typedef enum connection_state {
    CONNECTION_CONNECTING, /* name, TCP, TLS */
    CONNECTION_GREETING,   /* until the server's SETTINGS show that it speaks HTTP/2; nothing is asked yet */
    CONNECTION_OPEN,
    CONNECTION_DRAINING, /* takes no new request: the server said so, or it has no more stream numbers */
    CONNECTION_OVER
} connection_state;

enum { connection_buffer = 65536, least_connect_pause_ms = 2, longest_connect_pause_ms = 100 };

typedef struct connection {
    struct connection *next;
    connection_state state;
    CURLM *multi;
    CURL *curl;
    address_guard guard;
    curl_socket_t socket;
    nghttp2_session *session;
    uint32_t most_active;
    job_line active;  /* on a stream each */
    job_line refused; /* that the server said it did not look at: to be asked again */
    int64_t opened_ms, answered_ms, idle_ms;
    int64_t look_ms; /* while it connects: when it is looked at next */
    /* Why it is over, where it is. */
    chttp_fault fault;
    bool speaks_1_1;
    char error[CURL_ERROR_SIZE];
    size_t out_length, out_sent;
    uint8_t out[connection_buffer];
} connection;

/* NULL: no memory. `origin` is `scheme://authority`. */
connection *connection_open(const char *origin, const chttp_options *options, trust *trusted);
/* Whatever can be done without waiting. Gives whether something was. */
bool connection_step(connection *self);
/* Sends what is to be sent, as far as the socket takes it. */
void connection_flush(connection *self);
bool connection_has_room(const connection *self);
/* Puts a request on a stream. False: it takes none; the request is as it was. */
bool connection_begin(connection *self, job *request);
/* Ends a request's stream, and the request with a fault. */
void connection_end(connection *self, job *request, chttp_fault fault, const char *error);
/* It is over, for this reason; what is under way on it stays in `active`. */
void connection_fail(connection *self, chttp_fault fault, const char *error);
/* Of one that is over, with nothing in `active` and `refused` any more. */
void connection_free(connection *self);

#endif
