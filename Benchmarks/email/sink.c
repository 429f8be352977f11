/* A mail server that costs little: it takes every letter and keeps none. One thread, PIPELINING.
 *
 *   sink [no-pipelining]
 *
 * Prints its port, and when its standard input ends, how many letters it took and its CPU time. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 64 * 1024 };

typedef struct {
    int socket;
    bool content;
    size_t have;
    char bytes[ROOM];
} connection;

static long taken;
static const char *offers = "250-sink\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 PIPELINING\r\n";

static void die(const char *what) {
    perror(what);
    exit(1);
}

/* What one line gets; NULL: the content goes on. */
static const char *answer(connection *c, const char *line, size_t length) {
    if (c->content) {
        if (length != 1 || line[0] != '.') return NULL;
        c->content = false;
        taken++;
        return "250 2.0.0 Ok: queued\r\n";
    }
    if (length >= 4 && memcmp(line, "DATA", 4) == 0) {
        c->content = true;
        return "354 Go on\r\n";
    }
    if (length >= 4 && memcmp(line, "EHLO", 4) == 0) return offers;
    if (length >= 4 && memcmp(line, "QUIT", 4) == 0) return "221 2.0.0 Bye\r\n";
    return "250 2.0.0 Ok\r\n";
}

static bool serve(connection *c) {
    ssize_t got = read(c->socket, c->bytes + c->have, ROOM - c->have);
    if (got <= 0) return false;
    c->have += (size_t)got;
    char out[8192];
    size_t filled = 0, start = 0;
    char *end;
    while ((end = memchr(c->bytes + start, '\n', c->have - start)) != NULL) {
        const char *line = c->bytes + start;
        size_t length = (size_t)(end - line);
        if (length > 0 && line[length - 1] == '\r') length--;
        const char *reply = answer(c, line, length);
        start = (size_t)(end - c->bytes) + 1;
        if (reply == NULL) continue;
        size_t size = strlen(reply);
        if (filled + size > sizeof out) return false;
        memcpy(out + filled, reply, size);
        filled += size;
    }
    memmove(c->bytes, c->bytes + start, c->have - start);
    c->have -= start;
    return c->have < ROOM && (filled == 0 || write(c->socket, out, filled) == (ssize_t)filled);
}

int main(int count, char **words) {
    if (count > 1 && strcmp(words[1], "no-pipelining") == 0) offers = "250-sink\r\n250 8BITMIME\r\n";
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    if (bind(listener, (struct sockaddr *)&here, size) || listen(listener, 64)) die("listen");
    if (getsockname(listener, (struct sockaddr *)&here, &size)) die("getsockname");
    printf("%d\n", ntohs(here.sin_port));
    fflush(stdout);
    int poll = epoll_create1(0);
    static connection input;
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, listener, &wanted)) die("epoll_ctl");
    wanted.data.ptr = &input;
    if (epoll_ctl(poll, EPOLL_CTL_ADD, 0, &wanted)) die("epoll_ctl: standard input must be a pipe");
    for (;;) {
        struct epoll_event ready[64];
        int number = epoll_wait(poll, ready, 64, -1);
        for (int i = 0; i < number; i++) {
            connection *c = ready[i].data.ptr;
            if (c == &input) {
                struct rusage used;
                getrusage(RUSAGE_SELF, &used);
                printf("%ld letters, %.2f s of CPU\n", taken,
                    (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
                        + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
                return 0;
            }
            if (c == NULL) {
                c = calloc(1, sizeof *c);
                if (c == NULL) die("calloc");
                c->socket = accept(listener, NULL, NULL);
                if (c->socket < 0) die("accept");
                setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                wanted.data.ptr = c;
                if (epoll_ctl(poll, EPOLL_CTL_ADD, c->socket, &wanted)) die("epoll_ctl");
                const char *greeting = "220 sink\r\n";
                if (write(c->socket, greeting, strlen(greeting)) < 0) die("write");
            } else if (!serve(c)) {
                close(c->socket);
                free(c);
            }
        }
    }
}
