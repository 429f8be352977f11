/* HTTP/1.1, by libcurl's multi interface. */
#ifndef CHTTP_PLAIN_H
#define CHTTP_PLAIN_H

#include "job.h"
#include "CTrust.h"

typedef struct plain {
    const chttp_options *options;
    trust *trusted;
    CURLM *multi;
    job_line waiting, active;
    CURL **pool;
    uint32_t pool_count;
    /* Told of a request that got no answer: perhaps its server speaks no HTTP/1.1. */
    void (*unanswered)(void *context, const char *url);
    void *context;
} plain;

/* False: no memory. */
bool plain_open(plain *self, const chttp_options *options, trust *trusted);
void plain_close(plain *self);
/* Begins what waits, goes on with what is under way, ends what is done. Gives whether something was. */
bool plain_step(plain *self, uint32_t *ended_waiting);
/* Everything, as stopped. */
void plain_stop(plain *self);

#endif
