/* The same job, asked of Redis: a call is one EVALSHA of track.lua, with three arguments for each event. */
#include "peer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *redis_script;

static const char fill[] = "for _, user in ipairs(ARGV) do redis.call('HSET', 'user:' .. user, 'email', user .. '@example.com', "
    "'first_name', 'Ada', 'last_name', 'Lovelace', 'country', 'FR', 'language', 'fr', 'time_zone', 'Europe/Paris', "
    "'plan', 'gold', 'signed_up', '2026-01-02T03:04:05Z') end return 1";

static void argument(text *to, const char *bytes) {
    to->count += (size_t)sprintf((char *)to->bytes + to->count, "$%zu\r\n%s\r\n", strlen(bytes), bytes);
}

static void ask(text *to, uint32_t slot, const uint64_t *users, int count, int fills, uint64_t (*draw)(void)) {
    (void)slot;
    to->count += (size_t)sprintf((char *)to->bytes + to->count, "*%d\r\n", 3 + count * (fills ? 1 : 3));
    argument(to, fills ? "EVAL" : "EVALSHA");
    argument(to, fills ? fill : redis_script);
    argument(to, "0");
    for (int i = 0; i < count; i++) {
        char name[40];
        snprintf(name, sizeof name, "user-%llu", (unsigned long long)users[i]);
        argument(to, name);
        if (fills) continue;
        snprintf(name, sizeof name, "%016llx%016llx", (unsigned long long)draw(), (unsigned long long)draw());
        argument(to, name);
        argument(to, "sku-12345");
    }
}

/* Replies come in the order of the calls, and every slot is asked again when its turn has come: they go round. */
static size_t reply(const unsigned char *bytes, size_t have, uint32_t slots, uint32_t *slot) {
    static uint32_t turn;
    const unsigned char *end = memchr(bytes, '\n', have);
    if (!end) return 0;
    if (*bytes != ':') {
        fprintf(stderr, "refused: %.*s\n", (int)(end - bytes), bytes);
        exit(1);
    }
    *slot = turn++ % slots;
    return (size_t)(end - bytes) + 1;
}

const peer redis = { ask, reply };
