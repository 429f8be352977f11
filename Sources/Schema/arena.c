#include "arena.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 64 << 10, LEAST_BUDGET = 1 << 20, MOST_BUDGET = 64 << 20, ALIGNMENT = 16 };

typedef struct block {
    struct block *next;
    size_t size, used;
    _Alignas(ALIGNMENT) unsigned char bytes[];
} block;

struct schema_arena {
    block *first, *current;
    size_t total, budget;
};

static block *make_block(size_t size) {
    block *made = malloc(sizeof *made + size);
    if (made) *made = (block){ .next = NULL, .size = size, .used = 0 };
    return made;
}

schema_arena *schema_arena_create(void) {
    schema_arena *arena = malloc(sizeof *arena);
    block *first = make_block(FIRST_BLOCK);
    if (!arena || !first) {
        free(arena);
        free(first);
        return NULL;
    }
    *arena = (schema_arena){ .first = first, .current = first, .total = FIRST_BLOCK, .budget = MOST_BUDGET };
    return arena;
}

void schema_arena_reset(schema_arena *arena) {
    for (block *at = arena->first->next; at;) {
        block *next = at->next;
        free(at);
        at = next;
    }
    arena->first->next = NULL;
    arena->first->used = 0;
    arena->current = arena->first;
    arena->total = FIRST_BLOCK;
    arena->budget = MOST_BUDGET;
}

void schema_arena_destroy(schema_arena *arena) {
    if (!arena) return;
    schema_arena_reset(arena);
    free(arena->first);
    free(arena);
}

schema_arena *schema_arena_of_thread(void) {
    static _Thread_local schema_arena *own;
    if (!own) own = schema_arena_create();
    return own;
}

static void *allocate(void *data, size_t size) {
    schema_arena *arena = data;
    if (size > MOST_BUDGET) return NULL;
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (arena->current->size - arena->current->used < size) {
        size_t wanted = arena->current->size * 2;
        if (wanted < size) wanted = size;
        if (wanted > arena->budget - arena->total) wanted = arena->budget - arena->total;
        if (arena->total > arena->budget || wanted < size) return NULL;
        block *made = make_block(wanted);
        if (!made) return NULL;
        arena->current->next = made;
        arena->current = made;
        arena->total += wanted;
    }
    void *given = arena->current->bytes + arena->current->used;
    arena->current->used += size;
    return given;
}

static void release(void *data, void *pointer) {
    (void)data;
    (void)pointer;
}

void *schema_arena_allocate(schema_arena *arena, size_t size) {
    void *given = allocate(arena, size);
    if (given) memset(given, 0, size);
    return given;
}

/* ---- the check ---- */

typedef struct {
    const uint8_t *at, *end;
} span;

static bool varint(span *in, uint64_t *value) {
    *value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
        if (in->at == in->end) return false;
        uint8_t byte = *in->at++;
        if (shift < 64) *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) return true;
    }
    return false;
}

/* UTF-8 as RFC 3629 has it, and no NUL. */
static const char *text_fault(const uint8_t *at, const uint8_t *end) {
    while (at < end) {
        uint8_t lead = *at++;
        if (lead < 0x80) {
            if (!lead) return "a string with a NUL";
            continue;
        }
        int more = lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : 0;
        if (!more || end - at < more) return "a string that is not UTF-8";
        uint8_t next = at[0];
        if ((lead == 0xe0 && next < 0xa0) || (lead == 0xed && next > 0x9f) || (lead == 0xf0 && next < 0x90) ||
            (lead == 0xf4 && next > 0x8f))
            return "a string that is not UTF-8";
        for (; more; more--)
            if ((*at++ & 0xc0) != 0x80) return "a string that is not UTF-8";
    }
    return NULL;
}

static const char *fault(const ProtobufCMessageDescriptor *descriptor, span in, int depth) {
    if (depth > SCHEMA_DEPTH_LIMIT) return "messages nested deeper than 100 levels";
    while (in.at < in.end) {
        uint64_t tag, value;
        if (!varint(&in, &tag)) return "a broken tag";
        switch (tag & 7) {
        case 0:
            if (!varint(&in, &value)) return "a broken number";
            continue;
        case 1:
            if (in.end - in.at < 8) return "a number cut short";
            in.at += 8;
            continue;
        case 5:
            if (in.end - in.at < 4) return "a number cut short";
            in.at += 4;
            continue;
        case 2:
            break;
        default:
            return "a wire type that proto3 does not have";
        }
        if (!varint(&in, &value) || value > (uint64_t)(in.end - in.at)) return "a field cut short";
        span inside = { in.at, in.at + value };
        in.at += value;
        const ProtobufCFieldDescriptor *field =
            tag >> 3 <= UINT32_MAX ? protobuf_c_message_descriptor_get_field(descriptor, (unsigned)(tag >> 3)) : NULL;
        if (!field) continue;
        const char *found = NULL;
        if (field->type == PROTOBUF_C_TYPE_STRING) found = text_fault(inside.at, inside.end);
        else if (field->type == PROTOBUF_C_TYPE_MESSAGE) found = fault(field->descriptor, inside, depth + 1);
        if (found) return found;
    }
    return NULL;
}

const ProtobufCMessage *schema_unpack(schema_arena *arena, const ProtobufCMessageDescriptor *descriptor,
                                      const uint8_t *bytes, size_t length, const char **why) {
    *why = fault(descriptor, (span){ bytes, bytes + length }, 1);
    if (*why) return NULL;
    size_t budget = length * 16;
    arena->budget = budget < LEAST_BUDGET ? LEAST_BUDGET : budget > MOST_BUDGET ? MOST_BUDGET : budget;
    ProtobufCAllocator allocator = { .alloc = allocate, .free = release, .allocator_data = arena };
    const ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, &allocator, length, bytes);
    arena->budget = MOST_BUDGET;
    if (!message) *why = "it does not decode, or takes more memory than its size allows";
    return message;
}
