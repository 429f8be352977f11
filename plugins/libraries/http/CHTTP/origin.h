/* Whom is spoken to, in what, over which connection, and what waits for it. */
#ifndef CHTTP_ORIGIN_H
#define CHTTP_ORIGIN_H

#include "connection.h"

typedef struct origin {
    struct origin *next;
    char *text; /* scheme://authority */
    size_t length;
    bool speaks_1_1;
    connection *current; /* that takes new requests, or will */
    connection *ending;  /* that still answer old ones */
    job_line waiting;
    int64_t used_ms;
} origin;

/* Finds or makes it; NULL: no memory. */
origin *origin_of(origin **all, const char *url);
/* Opens, goes on, begins, ends. Gives whether something was done; counts in `ended_waiting` what does not wait any
 * more, and hands over to `plainly` what is to go in HTTP/1.1. */
bool origin_step(
    origin *self, const chttp_options *options, trust *trusted, job_line *plainly, uint32_t *ended_waiting);
/* Ends what took too long, connections that stand still, and those that nobody uses. */
void origin_sweep(origin *self, const chttp_options *options, uint32_t *ended_waiting);
/* Everything, as stopped. */
void origin_stop(origin *self);
/* Nothing waits and nothing is open. */
bool origin_is_idle(const origin *self);
void origin_free(origin *self);

#endif
