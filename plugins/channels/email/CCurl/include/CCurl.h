/* What libcurl does for the channel, with plain values in and out: the variadic calls, the
 * callbacks and the pointers stay on this side.
 *
 * libcurl opens the connection: TCP, TLS, EHLO. It hangs up where a login fails, before the server has said why, and
 * sends each command of a mail only when the one before is answered: both are spoken by the caller. */
#ifndef CCURL_H
#define CCURL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A way to a server, open or not. One thread at a time, but for ccurl_abort. */
typedef struct ccurl_connection ccurl_connection;

typedef struct ccurl_server {
    const char *url;      /* smtp:// or smtps://, with host and port alone */
    const char *helo;     /* percent-encoded; NULL: the host's name */
    const char *ca_file; /* PEM; NULL: the system's certificates */
    bool demand_tls;     /* false: TLS where it is offered */
    bool verify;         /* the certificate and its name */
} ccurl_server;

/* Why a connection could not be opened. */
typedef enum ccurl_fault {
    CCURL_NONE = 0,
    CCURL_REPLY = 1,       /* the server's reply says why not */
    CCURL_UNREACHABLE = 2, /* no connection, or it broke */
    CCURL_TIMEOUT = 3,
    CCURL_TLS = 4, /* not offered, or not to be trusted */
    CCURL_ABORTED = 5,
    CCURL_LOCAL = 6 /* libcurl itself: memory, a file that cannot be read */
} ccurl_fault;

/* Everything is copied. NULL: no memory. */
ccurl_connection *ccurl_new(const ccurl_server *server);
void ccurl_free(ccurl_connection *connection);

/* Opens it and waits until EHLO is answered, under TLS where that is to be. */
ccurl_fault ccurl_connect(ccurl_connection *connection, long timeout_ms);
/* Without a farewell; what is sent and was not read is gone. */
void ccurl_disconnect(ccurl_connection *connection);

/* Of the last ccurl_connect, until the next: the last reply's lines, those of the last EHLO's, and
 * libcurl's words. */
const char *ccurl_reply(const ccurl_connection *connection);
const char *ccurl_greeting(const ccurl_connection *connection);
const char *ccurl_error(const ccurl_connection *connection);

/* What the next two give beside a count of bytes. */
enum { CCURL_AGAIN = -1, CCURL_BROKEN = -2 };

/* Neither waits. ccurl_receive gives CCURL_BROKEN at the end too. */
ptrdiff_t ccurl_send(ccurl_connection *connection, const uint8_t *bytes, size_t length);
ptrdiff_t ccurl_receive(ccurl_connection *connection, uint8_t *into, size_t capacity);

enum { CCURL_READABLE = 1, CCURL_WRITABLE = 2, CCURL_STOPPED = 4 };

/* Waits until the connection can be read, or written where `writing`; 0: not within `timeout_ms`. */
int ccurl_wait(ccurl_connection *connection, bool writing, int timeout_ms);

/* From any thread: waiting ends, and so does connecting within about a second. Later ones end at once. */
void ccurl_abort(ccurl_connection *connection);

/* The ASCII form of a domain's name (IDNA 2008): at most `capacity` bytes and a NUL. False: it has none. */
bool ccurl_ascii_domain(const char *domain, char *into, size_t capacity);

#endif
