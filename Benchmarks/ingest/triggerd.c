/* Calls of triggerd's Events/Track, docs/protocol.md. */
#include "peer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER = 10 };

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

static void attributes(text *to, uint64_t user) {
    char mail[64];
    snprintf(mail, sizeof mail, "user-%llu@example.com", (unsigned long long)user);
    named(to, 4, "email", mail);
    named(to, 4, "first_name", "Ada");
    named(to, 4, "last_name", "Lovelace");
    named(to, 4, "country", "FR");
    named(to, 4, "language", "fr");
    named(to, 4, "time_zone", "Europe/Paris");
    named(to, 4, "plan", "gold");
    named(to, 4, "signed_up", "2026-01-02T03:04:05Z");
    field(to, 8, "", 0); /* profile_update */
}
static void event(text *to, uint64_t (*draw)(void)) {
    unsigned char bytes[512];
    text e = { bytes, 0 };
    char id[40];
    snprintf(id, sizeof id, "%016llx%016llx", (unsigned long long)draw(), (unsigned long long)draw());
    field(to, 2, id, 32);
    field(&e, 1, "add_to_cart", 11);
    named(&e, 2, "product_id", "sku-12345");
    field(to, 5, e.bytes, e.count); /* custom_event */
}

static void ask(text *to, uint32_t slot, const uint64_t *users, int count, int fills, uint64_t (*draw)(void)) {
    static unsigned char bytes[512 * ITEM_ROOM];
    text payload = { bytes, 0 };
    for (int i = 0; i < count; i++) {
        unsigned char body[ITEM_ROOM];
        char name[32];
        text item = { body, 0 };
        field(&item, 1, name, (size_t)snprintf(name, sizeof name, "user-%llu", (unsigned long long)users[i]));
        if (fills) attributes(&item, users[i]);
        else event(&item, draw);
        field(&payload, 1, item.bytes, item.count);
    }
    size_t start = to->count;
    to->count += HEADER;
    field(to, 1, "triggerd.v1.Events", 18);
    field(to, 2, "Track", 5);
    field(to, 3, payload.bytes, payload.count);
    uint32_t length = (uint32_t)(to->count - start - HEADER), stream = slot * 2 + 1;
    unsigned char *head = to->bytes + start;
    for (int i = 0; i < 4; i++) {
        head[i] = (unsigned char)(length >> (24 - 8 * i));
        head[4 + i] = (unsigned char)(stream >> (24 - 8 * i));
    }
    head[8] = 1;
    head[9] = 0;
}

/* A stream is odd and its call's own while it is under way: it tells the slot. */
static size_t reply(const unsigned char *h, size_t have, uint32_t slots, uint32_t *slot) {
    if (have < HEADER) return 0;
    size_t length = (size_t)h[0] << 24 | (size_t)h[1] << 16 | (size_t)h[2] << 8 | h[3];
    if (have < HEADER + length) return 0;
    if (length && h[HEADER] == 0x0a && h[HEADER + 1]) {
        fprintf(stderr, "refused: %.*s\n", (int)length, h + HEADER);
        exit(1);
    }
    *slot = ((uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 | (uint32_t)h[6] << 8 | h[7]) / 2 % slots;
    return HEADER + length;
}

const peer triggerd = { ask, reply };
