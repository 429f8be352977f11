#define _GNU_SOURCE

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "origin.h"
#include "plain.h"

enum {
    sweep_every_ms = 20,
    most_polled = 1024,
    many_connections = 256, /* beyond them none is kept idle for longer than a second */
    origin_memory_ms = 3600000 /* what an idle origin was seen to speak */
};

struct chttp_client {
    chttp_options options;
    char *ca_file;
    trust trust; /* the thread's own */
    pthread_t thread;
    atomic_bool stopping;
    atomic_bool freed_by_thread;
    _Atomic uint32_t waiting_count;
    /* Under the lock: what other threads hand over. */
    pthread_mutex_t lock;
    pthread_cond_t ended_condition;
    job_line submitted;
    bool woken;
    bool closed; /* nothing is taken any more */
    bool ended;
    /* The thread's own. */
    plain plain;
    origin *origins;
    int64_t swept_ms;
};

/* ---- the thread ---- */

static void route(chttp_client *self, job *request) {
    origin *whom = self->options.protocol == CHTTP_2_FIRST ? origin_of(&self->origins, request->url) : NULL;
    line_append(whom && !whom->speaks_1_1 ? &whom->waiting : &self->plain.waiting, request);
}

/* A server that hung up before it greeted may have been starting: HTTP/2 is tried again. */
static void doubt_plain(void *context, const char *url) {
    chttp_client *self = context;
    if (self->options.protocol != CHTTP_2_FIRST) return;
    origin *whom = origin_of(&self->origins, url);
    if (whom) whom->speaks_1_1 = false;
}

static bool take_submitted(chttp_client *self) {
    pthread_mutex_lock(&self->lock);
    job_line taken = self->submitted;
    self->submitted = (job_line){0};
    self->woken = false;
    pthread_mutex_unlock(&self->lock);
    for (job *request = taken.first, *next; request; request = next) {
        next = request->after;
        route(self, request);
    }
    return taken.count > 0;
}

static bool step(chttp_client *self) {
    uint32_t ended_waiting = 0;
    bool some = false;
    for (origin *each = self->origins; each; each = each->next)
        some |= origin_step(each, &self->options, &self->trust, &self->plain.waiting, &ended_waiting);
    /* Those handed over wait on. */
    uint32_t ended_plain = 0;
    some |= plain_step(&self->plain, &ended_plain);
    atomic_fetch_sub(&self->waiting_count, ended_waiting + ended_plain);
    return some;
}

static void sweep(chttp_client *self) {
    int64_t now = now_ms();
    if (now - self->swept_ms < sweep_every_ms) return;
    self->swept_ms = now;
    uint32_t ended_waiting = 0, open = 0;
    chttp_options options = self->options;
    for (origin *each = self->origins; each; each = each->next) open += each->current != NULL;
    if (open > many_connections) options.idle_seconds = 1;
    for (origin **at = &self->origins; *at;) {
        origin *each = *at;
        origin_sweep(each, &options, &ended_waiting);
        bool is_forgotten = origin_is_idle(each) && (!each->speaks_1_1 || now - each->used_ms > origin_memory_ms);
        if (is_forgotten) {
            *at = each->next;
            origin_free(each);
        } else {
            at = &each->next;
        }
    }
    atomic_fetch_sub(&self->waiting_count, ended_waiting);
}

static unsigned watch(const connection *self, struct curl_waitfd *into, unsigned count, int *timeout_ms) {
    if (self->state == CONNECTION_CONNECTING) {
        int64_t left = self->look_ms - now_ms();
        if (left < *timeout_ms) *timeout_ms = left < 1 ? 1 : (int)left;
    }
    if (self->socket == CURL_SOCKET_BAD || count == most_polled) return count;
    bool wants_write = self->out_sent < self->out_length;
    into[count] = (struct curl_waitfd){
        .fd = self->socket, .events = CURL_WAIT_POLLIN | (wants_write ? CURL_WAIT_POLLOUT : 0)};
    return count + 1;
}

static void wait_for_something(chttp_client *self) {
    static _Thread_local struct curl_waitfd polled[most_polled];
    unsigned count = 0;
    int timeout_ms = 1000;
    for (origin *each = self->origins; each; each = each->next) {
        if (!origin_is_idle(each) && timeout_ms > sweep_every_ms) timeout_ms = sweep_every_ms;
        if (each->current) count = watch(each->current, polled, count, &timeout_ms);
        for (connection *old = each->ending; old; old = old->next) count = watch(old, polled, count, &timeout_ms);
    }
    if (self->plain.waiting.first && timeout_ms > sweep_every_ms) timeout_ms = sweep_every_ms;
    curl_multi_poll(self->plain.multi, polled, count, timeout_ms, NULL);
}

static bool has_submitted(chttp_client *self) {
    pthread_mutex_lock(&self->lock);
    bool some = self->submitted.first != NULL;
    pthread_mutex_unlock(&self->lock);
    return some;
}

static void end_everything(chttp_client *self) {
    pthread_mutex_lock(&self->lock);
    self->closed = true;
    pthread_mutex_unlock(&self->lock);
    take_submitted(self);
    plain_stop(&self->plain);
    for (origin *each; (each = self->origins) != NULL;) {
        self->origins = each->next;
        origin_stop(each);
        origin_free(each);
    }
}

static void free_client(chttp_client *self) {
    plain_close(&self->plain);
    trust_close(&self->trust);
    pthread_mutex_destroy(&self->lock);
    pthread_cond_destroy(&self->ended_condition);
    free(self->ca_file);
    free(self);
}

static void *run(void *context) {
    chttp_client *self = context;
    while (!atomic_load(&self->stopping)) {
        bool busy = take_submitted(self);
        busy |= step(self);
        sweep(self);
        if (!busy && !has_submitted(self)) wait_for_something(self);
    }
    end_everything(self);
    pthread_mutex_lock(&self->lock);
    self->ended = true;
    pthread_cond_broadcast(&self->ended_condition);
    pthread_mutex_unlock(&self->lock);
    if (atomic_load(&self->freed_by_thread)) free_client(self);
    return NULL;
}

/* ---- for other threads ---- */

static void prepare(void) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

chttp_client *chttp_open(const chttp_options *options) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);
    chttp_client *self = calloc(1, sizeof *self);
    if (self == NULL) return NULL;
    self->options = *options;
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->ended_condition, NULL);
    self->ca_file = options->ca_file ? strdup(options->ca_file) : NULL;
    self->options.ca_file = self->ca_file;
    self->trust.ca_file = self->ca_file;
    self->plain.unanswered = doubt_plain;
    self->plain.context = self;
    if (!plain_open(&self->plain, &self->options, &self->trust) || (options->ca_file && self->ca_file == NULL)) {
        free_client(self);
        return NULL;
    }
    /* OpenSSL may raise SIGPIPE, and no signal of the daemon's is this thread's business. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&self->thread, NULL, run, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        free_client(self);
        return NULL;
    }
    pthread_setname_np(self->thread, "triggerd-http");
    return self;
}

bool chttp_submit(chttp_client *self, const chttp_request *request, chttp_completion done, void *context) {
    job *made = job_make(request, self->options.body_limit);
    if (made == NULL) return false;
    made->done = done;
    made->context = context;
    bool wake = false;
    pthread_mutex_lock(&self->lock);
    bool taken = !self->closed && atomic_load(&self->waiting_count) < self->options.most_waiting;
    if (taken) {
        line_append(&self->submitted, made);
        atomic_fetch_add(&self->waiting_count, 1);
        wake = !self->woken;
        self->woken = true;
    }
    pthread_mutex_unlock(&self->lock);
    if (!taken) free(made);
    if (wake && !pthread_equal(pthread_self(), self->thread)) curl_multi_wakeup(self->plain.multi);
    return taken;
}

void chttp_stop(chttp_client *self) {
    pthread_mutex_lock(&self->lock);
    self->closed = true;
    pthread_mutex_unlock(&self->lock);
    atomic_store(&self->stopping, true);
    if (pthread_equal(pthread_self(), self->thread)) return;
    curl_multi_wakeup(self->plain.multi);
    pthread_mutex_lock(&self->lock);
    while (!self->ended) pthread_cond_wait(&self->ended_condition, &self->lock);
    pthread_mutex_unlock(&self->lock);
}

void chttp_close(chttp_client *self) {
    if (pthread_equal(pthread_self(), self->thread)) {
        pthread_detach(self->thread);
        atomic_store(&self->freed_by_thread, true);
        atomic_store(&self->stopping, true);
        return;
    }
    chttp_stop(self);
    pthread_join(self->thread, NULL);
    free_client(self);
}
