/* A server that takes events: how it is asked, and what its replies look like. */
#include <stddef.h>
#include <stdint.h>

typedef struct {
    unsigned char *bytes;
    size_t count;
} text;

typedef struct {
    /* Writes one call for so many users: their events under new ids, or what is known of them. */
    void (*ask)(text *to, uint32_t slot, const uint64_t *users, int count, int fills, uint64_t (*draw)(void));
    /* The length of the first reply and the slot it is for; 0: it is not whole. Leaves the process at a refusal. */
    size_t (*reply)(const unsigned char *bytes, size_t have, uint32_t slots, uint32_t *slot);
} peer;

enum { ITEM_ROOM = 1024, CALL_ROOM = 1024 };

extern const peer triggerd, redis;
extern const char *redis_script; /* the SHA1 of the loaded track.lua */
