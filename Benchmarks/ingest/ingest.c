/* Durable ingest, from a client that costs little: calls of Events/Track with one event each, so many of them in
 * flight on one connection, with users drawn at random.
 *
 *   ingest SOCKET fill USERS              makes the users known, 500 in a call
 *   ingest SOCKET track USERS IN_FLIGHT SECONDS
 *
 * Prints events a second and the quantiles of the calls' times in ms, as one JSON object. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { HEADER = 10, MOST = 4096, ROOM = 1 << 20 };

static int connection;
static uint64_t seed = 0x2545f4914f6cdd1dULL;

static void die(const char *what) {
    perror(what);
    exit(1);
}
static uint64_t draw(void) { /* xorshift */
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}
static int64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}
static void open_connection(const char *path) {
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    connection = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connection < 0 || connect(connection, (struct sockaddr *)&to, sizeof to)) die(path);
}
static void send_all(const unsigned char *bytes, size_t count) {
    while (count) {
        ssize_t sent = write(connection, bytes, count);
        if (sent < 0) die("write");
        bytes += sent;
        count -= (size_t)sent;
    }
}

/* ---- messages ---- */

typedef struct {
    unsigned char *bytes;
    size_t count;
} text;

static void byte(text *to, int value) { to->bytes[to->count++] = (unsigned char)value; }
static void varint(text *to, uint64_t value) {
    for (; value >= 0x80; value >>= 7) byte(to, (int)(value | 0x80));
    byte(to, (int)value);
}
static void field(text *to, int number, const void *bytes, size_t count) {
    varint(to, (uint64_t)number << 3 | 2);
    varint(to, count);
    memcpy(to->bytes + to->count, bytes, count);
    to->count += count;
}
static void named(text *to, int number, const char *name, const char *value) {
    unsigned char inner[128], entry[256];
    text v = { inner, 0 }, e = { entry, 0 };
    field(&v, 4, value, strlen(value)); /* Value.string */
    field(&e, 1, name, strlen(name));
    field(&e, 2, v.bytes, v.count);
    field(to, number, e.bytes, e.count);
}

/* An item of a user: an event that triggers and waits, under an id; or attributes, so that a record has a body. */
static void item(text *to, uint64_t user, int fills) {
    unsigned char body[1024], event[512];
    text i = { body, 0 }, e = { event, 0 };
    char name[32];
    field(&i, 1, name, (size_t)snprintf(name, sizeof name, "user-%llu", (unsigned long long)user));
    if (fills) {
        char mail[64];
        snprintf(mail, sizeof mail, "user-%llu@example.com", (unsigned long long)user);
        named(&i, 4, "email", mail);
        named(&i, 4, "first_name", "Ada");
        named(&i, 4, "last_name", "Lovelace");
        named(&i, 4, "country", "FR");
        named(&i, 4, "language", "fr");
        named(&i, 4, "time_zone", "Europe/Paris");
        named(&i, 4, "plan", "gold");
        named(&i, 4, "signed_up", "2026-01-02T03:04:05Z");
        field(&i, 8, "", 0); /* profile_update */
    } else {
        char id[40];
        snprintf(id, sizeof id, "%016llx%016llx", (unsigned long long)draw(), (unsigned long long)draw());
        field(&i, 2, id, 32);
        field(&e, 1, "add_to_cart", 11);
        named(&e, 2, "product_id", "sku-12345");
        field(&i, 5, e.bytes, e.count); /* custom_event */
    }
    field(to, 1, i.bytes, i.count);
}

/* The frame of a call of Events/Track. */
static void frame(text *to, uint32_t stream, const text *payload) {
    size_t start = to->count;
    to->count += HEADER;
    field(to, 1, "triggerd.v1.Events", 18);
    field(to, 2, "Track", 5);
    field(to, 3, payload->bytes, payload->count);
    uint32_t length = (uint32_t)(to->count - start - HEADER);
    unsigned char *head = to->bytes + start;
    for (int i = 0; i < 4; i++) {
        head[i] = (unsigned char)(length >> (24 - 8 * i));
        head[4 + i] = (unsigned char)(stream >> (24 - 8 * i));
    }
    head[8] = 1;
    head[9] = 0;
}

/* ---- replies ---- */

static unsigned char inbox[ROOM];
static size_t have, used;

/* The next reply's stream; reads when it must. */
static uint32_t next_reply(void) {
    for (;;) {
        if (have - used >= HEADER) {
            unsigned char *h = inbox + used;
            size_t length = (size_t)h[0] << 24 | (size_t)h[1] << 16 | (size_t)h[2] << 8 | h[3];
            if (have - used >= HEADER + length) {
                if (length && h[HEADER] == 0x0a && h[HEADER + 1]) {
                    fprintf(stderr, "refused: %.*s\n", (int)length, h + HEADER);
                    exit(1);
                }
                used += HEADER + length;
                return (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 | (uint32_t)h[6] << 8 | h[7];
            }
        }
        memmove(inbox, inbox + used, have - used);
        have -= used;
        used = 0;
        ssize_t got = read(connection, inbox + have, sizeof inbox - have);
        if (got <= 0) die("read");
        have += (size_t)got;
    }
}
static int whole_reply_waits(void) {
    if (have - used < HEADER) return 0;
    unsigned char *h = inbox + used;
    size_t length = (size_t)h[0] << 24 | (size_t)h[1] << 16 | (size_t)h[2] << 8 | h[3];
    return have - used >= HEADER + length;
}

static void fill(uint64_t users) {
    unsigned char *payload = malloc(500 * 1024), *out = malloc(600 * 1024);
    uint32_t stream = 1;
    int under_way = 0;
    for (uint64_t user = 0; user < users;) {
        text p = { payload, 0 }, o = { out, 0 };
        for (int i = 0; i < 500 && user < users; i++) item(&p, user++, 1);
        frame(&o, stream, &p);
        stream += 2;
        send_all(o.bytes, o.count);
        if (++under_way == 4) { next_reply(); under_way--; }
    }
    while (under_way--) next_reply();
}

static int ascending(const void *a, const void *b) {
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

static void track(uint64_t users, int in_flight, double seconds) {
    int64_t *began = calloc((size_t)in_flight, sizeof *began);
    unsigned char *payload = malloc(MOST), *out = malloc((size_t)in_flight * MOST);
    size_t room = 1 << 22, events = 0;
    int32_t *took = malloc(room * sizeof *took);
    int64_t start = now_us(), end = start + (int64_t)(seconds * 1e6);
    text o = { out, 0 };
    for (int slot = 0; slot < in_flight; slot++) {
        text p = { payload, 0 };
        item(&p, draw() % users, 0);
        frame(&o, (uint32_t)slot * 2 + 1, &p);
        began[slot] = start;
    }
    send_all(o.bytes, o.count);
    int under_way = in_flight;
    while (under_way) {
        o.count = 0;
        do { /* every reply that is here, then their successors in one write */
            uint32_t stream = next_reply();
            int slot = (int)(stream / 2) % in_flight;
            int64_t now = now_us();
            if (events == room) took = realloc(took, (room *= 2) * sizeof *took);
            took[events++] = (int32_t)(now - began[slot]);
            if (now < end) {
                text p = { payload, 0 };
                item(&p, draw() % users, 0);
                frame(&o, (uint32_t)slot * 2 + 1, &p);
                began[slot] = now;
            } else {
                under_way--;
            }
        } while (whole_reply_waits());
        if (o.count) send_all(o.bytes, o.count);
    }
    double elapsed = (double)(now_us() - start) / 1e6;
    qsort(took, events, sizeof *took, ascending);
    printf("{\"in_flight\": %d, \"events_per_s\": %.0f, \"ms\": {\"p50\": %.3f, \"p99\": %.3f, \"p999\": %.3f, "
           "\"max\": %.3f}}\n", in_flight, (double)events / elapsed, took[events / 2] / 1e3,
           took[events * 99 / 100] / 1e3, took[events * 999 / 1000] / 1e3, took[events - 1] / 1e3);
}

int main(int argc, char **argv) {
    seed ^= (uint64_t)now_us();
    if (argc == 4 && !strcmp(argv[2], "fill")) {
        open_connection(argv[1]);
        fill(strtoull(argv[3], 0, 10));
    } else if (argc == 6 && !strcmp(argv[2], "track") && atoi(argv[4]) > 0) {
        open_connection(argv[1]);
        track(strtoull(argv[3], 0, 10), atoi(argv[4]), atof(argv[5]));
    } else {
        fprintf(stderr, "usage: ingest SOCKET fill USERS | ingest SOCKET track USERS IN_FLIGHT SECONDS\n");
        return 2;
    }
    return 0;
}
