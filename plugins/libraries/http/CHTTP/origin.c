#include "origin.h"

#include <stdlib.h>
#include <string.h>

/* Where all places on a connection are taken and nothing was answered for so long, nothing waits on. */
enum { stall_ms = 2000 };

origin *origin_of(origin **all, const char *url) {
    const char *authority = strstr(url, "://");
    size_t length = authority ? (size_t)(authority + 3 - url) + strcspn(authority + 3, "/?") : strlen(url);
    for (origin *each = *all; each; each = each->next)
        if (each->length == length && memcmp(each->text, url, length) == 0) return each;
    origin *made = calloc(1, sizeof *made);
    if (made == NULL) return NULL;
    made->text = strndup(url, length);
    if (made->text == NULL) {
        free(made);
        return NULL;
    }
    made->length = length;
    made->used_ms = now_ms();
    made->next = *all;
    *all = made;
    return made;
}

static void fail_line(job_line *line, chttp_fault fault, const char *error) {
    for (job *request; (request = line->first) != NULL;) {
        line_remove(line, request);
        job_complete(request, fault, error);
    }
}

static void fail_waiting(origin *self, chttp_fault fault, const char *error, uint32_t *ended_waiting) {
    *ended_waiting += (uint32_t)self->waiting.count;
    fail_line(&self->waiting, fault, error);
}

/* What was refused goes to the head of the line again, in its order. */
static void take_refused(origin *self, connection *from, uint32_t *ended_waiting) {
    for (job *request; (request = from->refused.last) != NULL;) {
        line_remove(&from->refused, request);
        line_prepend(&self->waiting, request);
        --*ended_waiting;
    }
}

static void bury(origin *self, connection *over, job_line *plainly, uint32_t *ended_waiting) {
    take_refused(self, over, ended_waiting);
    fail_line(&over->active, over->fault, over->error);
    bool was_greeted = over->state == CONNECTION_OVER && !over->speaks_1_1;
    if (over->speaks_1_1) {
        self->speaks_1_1 = true;
        for (job *request; (request = self->waiting.first) != NULL;) {
            line_remove(&self->waiting, request);
            line_append(plainly, request);
        }
    } else if (was_greeted && over->fault != CHTTP_BROKEN && over->fault != CHTTP_SILENT) {
        /* No connection, no trust: whoever waits for it is told. */
        fail_waiting(self, over->fault, over->error, ended_waiting);
    }
    connection_free(over);
}

bool origin_step(
    origin *self, const chttp_options *options, trust *trusted, job_line *plainly, uint32_t *ended_waiting) {
    bool some = false;
    if (self->current == NULL && self->waiting.first) {
        self->current = connection_open(self->text, options, trusted);
        if (self->current == NULL) fail_waiting(self, CHTTP_LOCAL, "no memory for a connection", ended_waiting);
        some = true;
    }
    connection *current = self->current;
    if (current) {
        some |= connection_step(current);
        take_refused(self, current, ended_waiting);
        while (self->waiting.first && connection_has_room(current)) {
            job *request = self->waiting.first;
            line_remove(&self->waiting, request);
            if (!connection_begin(current, request)) {
                line_prepend(&self->waiting, request);
                break;
            }
            ++*ended_waiting;
            some = true;
        }
        connection_flush(current);
        if (current->state == CONNECTION_DRAINING) {
            self->current = NULL;
            current->next = self->ending;
            self->ending = current;
            some = true;
        } else if (current->state == CONNECTION_OVER) {
            self->current = NULL;
            bury(self, current, plainly, ended_waiting);
            some = true;
        }
    }
    for (connection **at = &self->ending; *at;) {
        connection *each = *at;
        some |= connection_step(each);
        take_refused(self, each, ended_waiting);
        if (each->state == CONNECTION_OVER) {
            *at = each->next;
            bury(self, each, plainly, ended_waiting);
        } else {
            at = &each->next;
        }
    }
    if (some) self->used_ms = now_ms();
    return some;
}

static void sweep_connection(connection *self, int64_t now, int64_t idle_ms) {
    for (job *request = self->active.first, *next; request; request = next) {
        next = request->after;
        if (now < request->due_ms) continue;
        bool is_silent = self->answered_ms <= request->started_ms;
        /* A request that had little time left says little of the server. */
        chttp_fault fault = now - request->started_ms > stall_ms ? CHTTP_SILENT : CHTTP_BROKEN;
        connection_end(self, request, CHTTP_TIMEOUT, "no answer in time");
        /* Nothing was answered since it was asked, and nothing will be: what else is under way on it ends too. */
        if (is_silent) return connection_fail(self, fault, "the server fell silent");
    }
    if (self->state == CONNECTION_GREETING && now - self->opened_ms > longest_connect_ms)
        connection_fail(self, CHTTP_TIMEOUT, "the server says nothing");
    if (self->active.count == 0 && self->state == CONNECTION_OPEN && now - self->idle_ms > idle_ms)
        connection_fail(self, CHTTP_BROKEN, "idle");
}

void origin_sweep(origin *self, const chttp_options *options, uint32_t *ended_waiting) {
    int64_t now = now_ms();
    connection *current = self->current;
    bool is_open = current && current->state == CONNECTION_OPEN;
    for (job *request = self->waiting.first, *next; request; request = next) {
        next = request->after;
        if (now < request->due_ms) continue;
        line_remove(&self->waiting, request);
        ++*ended_waiting;
        job_complete(request, CHTTP_TIMEOUT, is_open ? "its turn never came" : "no connection");
    }
    if (current) {
        sweep_connection(current, now, (int64_t)options->idle_seconds * 1000);
        bool is_stalled = current->state == CONNECTION_OPEN && !connection_has_room(current);
        if (is_stalled && current->active.first && now - current->answered_ms > stall_ms &&
            now - current->active.first->started_ms > stall_ms)
            fail_waiting(self, CHTTP_SILENT, "what is under way is not answered", ended_waiting);
    }
    for (connection *each = self->ending; each; each = each->next) sweep_connection(each, now, 0);
}

static void stop_connection(connection *self) {
    fail_line(&self->active, CHTTP_STOPPED, "stopped");
    fail_line(&self->refused, CHTTP_STOPPED, "stopped");
    connection_free(self);
}

void origin_stop(origin *self) {
    fail_line(&self->waiting, CHTTP_STOPPED, "stopped");
    if (self->current) stop_connection(self->current);
    self->current = NULL;
    for (connection *each; (each = self->ending) != NULL;) {
        self->ending = each->next;
        stop_connection(each);
    }
}

bool origin_is_idle(const origin *self) {
    return self->waiting.first == NULL && self->current == NULL && self->ending == NULL;
}

void origin_free(origin *self) {
    free(self->text);
    free(self);
}
