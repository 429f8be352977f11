/* SMTP by libcurl, with plain values in and out: the variadic calls, the callbacks and the
 * pointers stay on this side. */
#ifndef CCURL_H
#define CCURL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One connection to a server, kept open between mails. One thread at a time, but for
 * ccurl_abort. */
typedef struct ccurl_connection ccurl_connection;

/* How far a hand-over came. */
typedef enum ccurl_stage {
    CCURL_CONNECTING = 0, /* up to and with TLS and the login */
    CCURL_SENDER = 1,
    CCURL_RECIPIENT = 2,
    CCURL_CONTENT = 3
} ccurl_stage;

typedef enum ccurl_fault {
    CCURL_NONE = 0,        /* the server took it */
    CCURL_REPLY = 1,       /* the server's reply says why not */
    CCURL_UNREACHABLE = 2, /* no connection, or it broke */
    CCURL_TIMEOUT = 3,
    CCURL_TLS = 4,   /* not offered, or not to be trusted */
    CCURL_LOGIN = 5, /* user name, password or mechanism */
    CCURL_ABORTED = 6,
    CCURL_LOCAL = 7 /* libcurl itself: memory, a file that cannot be read */
} ccurl_fault;

typedef struct ccurl_outcome {
    ccurl_fault fault;
    ccurl_stage stage;
    int code;             /* of the last reply to the last command; 0: there was none */
    bool recipient_later; /* a recipient got a 4xx */
} ccurl_outcome;

/* `url` is smtp:// or smtps://, with host and port alone. `ca_file` is PEM; NULL: the system's
 * certificates. `demand_tls` false: TLS where it is offered. `verify`: the certificate and its
 * name. Everything is copied. NULL: no memory. */
ccurl_connection *ccurl_open(
    const char *url, const char *username, const char *password, const char *ca_file, bool demand_tls, bool verify);
void ccurl_close(ccurl_connection *connection);

/* Adds an address, without brackets, to the next mail. False: no memory. */
bool ccurl_recipient(ccurl_connection *connection, const char *address);

/* Hands one mail over, waits for the answer, and forgets the recipients. Where some of them are
 * taken and others are not, the mail goes to those that are. `bytes` have CRLF; dots are doubled
 * here. `timeout_ms` is for all of it. */
ccurl_outcome ccurl_hand_over(
    ccurl_connection *connection, const char *sender, const uint8_t *bytes, size_t length, long timeout_ms);

/* Of the last hand-over, until the next: the lines of the reply, and libcurl's words. */
const char *ccurl_reply(const ccurl_connection *connection);
const char *ccurl_error(const ccurl_connection *connection);

/* From any thread: a hand-over under way ends within about a second, later ones at once. */
void ccurl_abort(ccurl_connection *connection);

#endif
