/* Durable ingest, from a client that costs little: calls with one event or a batch of them, so many in flight on one
 * connection, with users drawn at random. Each event triggers, waits, and has an id.
 *
 *   ingest SOCKET fill USERS [--redis SHA]              makes the users known, 500 in a call
 *   ingest SOCKET track USERS IN_FLIGHT SECONDS [--zipf] [--batch N] [--redis SHA]
 *
 * Prints events a second and the quantiles of the calls' times in ms, as one JSON object. */
#define _GNU_SOURCE
#include "measure.h"
#include "peer.h"
#include <sys/socket.h>
#include <sys/un.h>

enum { FILL = 500, BATCH_MOST = 500 };

static int connection;
static const peer *server = &triggerd;

static void die(const char *what) {
    perror(what);
    exit(1);
}
static void open_connection(const char *path) {
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    connection = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connection < 0 || connect(connection, (struct sockaddr *)&to, sizeof to)) die(path);
}
static void send_all(text *out) {
    for (size_t sent = 0; sent < out->count;) {
        ssize_t count = write(connection, out->bytes + sent, out->count - sent);
        if (count < 0) die("write");
        sent += (size_t)count;
    }
    out->count = 0;
}

/* ---- replies ---- */

static unsigned char inbox[1 << 20];
static size_t have, used;

/* Is a whole reply here? Its slot, and it is taken. */
static int take_reply(uint32_t slots, uint32_t *slot) {
    size_t length = server->reply(inbox + used, have - used, slots, slot);
    used += length;
    return length > 0;
}
static uint32_t next_reply(uint32_t slots) {
    uint32_t slot;
    while (!take_reply(slots, &slot)) {
        memmove(inbox, inbox + used, have - used);
        have -= used;
        used = 0;
        ssize_t got = read(connection, inbox + have, sizeof inbox - have);
        if (got <= 0) die("read");
        have += (size_t)got;
    }
    return slot;
}

/* ---- calls ---- */

static void fill(void) {
    text out = { malloc(CALL_ROOM + FILL * ITEM_ROOM), 0 };
    uint64_t some[FILL];
    uint32_t call = 0, under_way = 0;
    for (uint64_t user = 0; user < users;) {
        int count = 0;
        while (count < FILL && user < users) some[count++] = user++;
        server->ask(&out, call++, some, count, 1, draw);
        send_all(&out);
        if (++under_way == 4) under_way--, next_reply(1);
    }
    while (under_way--) next_reply(1);
}
static void ask(text *out, uint32_t slot, int batch) {
    uint64_t some[BATCH_MOST];
    for (int i = 0; i < batch; i++) some[i] = draw_user();
    server->ask(out, slot, some, batch, 0, draw);
}
static void track(uint32_t in_flight, double seconds, int batch) {
    int64_t *began = calloc(in_flight, sizeof *began), start = now_us(), end = start + (int64_t)(seconds * 1e6);
    text out = { malloc(in_flight * (CALL_ROOM + (size_t)batch * ITEM_ROOM)), 0 };
    for (uint32_t slot = 0; slot < in_flight; slot++) {
        ask(&out, slot, batch);
        began[slot] = start;
    }
    send_all(&out);
    for (uint32_t under_way = in_flight; under_way;) {
        uint32_t slot = next_reply(in_flight);
        do { /* every reply that is here, then their successors in one write */
            int64_t now = now_us();
            note(began[slot], now);
            if (now < end) {
                ask(&out, slot, batch);
                began[slot] = now;
            } else {
                under_way--;
            }
        } while (take_reply(in_flight, &slot));
        send_all(&out);
    }
    report((int)in_flight, batch, took_count * (uint64_t)batch, (double)(now_us() - start) / 1e6, -1);
}

int main(int argc, char **argv) {
    int batch = 1, count = 1;
    seed ^= (uint64_t)now_us();
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--zipf")) is_zipf = 1;
        else if (!strcmp(argv[i], "--batch") && i + 1 < argc) batch = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--redis") && i + 1 < argc) server = &redis, redis_script = argv[++i];
        else argv[count++] = argv[i];
    }
    int fills = count == 4 && !strcmp(argv[2], "fill"), tracks = count == 6 && !strcmp(argv[2], "track") && atoi(argv[4]) > 0;
    if ((!fills && !tracks) || batch < 1 || batch > BATCH_MOST) {
        fprintf(stderr, "usage: see the head of ingest.c\n");
        return 2;
    }
    users = strtoull(argv[3], 0, 10);
    open_connection(argv[1]);
    if (fills) fill();
    else track((uint32_t)atoi(argv[4]), atof(argv[5]), batch);
    return 0;
}
