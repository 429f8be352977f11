#include "arena.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 64 << 10, LARGEST_BLOCK = 1 << 20, ALIGNMENT = 16 };

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
    *arena = (schema_arena){ .first = first, .current = first, .total = FIRST_BLOCK, .budget = SIZE_MAX };
    return arena;
}

schema_arena_mark schema_arena_get_mark(schema_arena *arena) {
    return (schema_arena_mark){ .block = arena->current, .used = arena->current->used };
}

void schema_arena_rewind(schema_arena *arena, schema_arena_mark mark) {
    block *last = mark.block;
    for (block *at = last->next; at;) {
        block *next = at->next;
        arena->total -= at->size;
        free(at);
        at = next;
    }
    last->next = NULL;
    last->used = mark.used;
    arena->current = last;
}

void schema_arena_destroy(schema_arena *arena) {
    if (!arena) return;
    schema_arena_rewind(arena, (schema_arena_mark){ .block = arena->first, .used = 0 });
    free(arena->first);
    free(arena);
}

schema_arena *schema_arena_of_thread(void) {
    static _Thread_local schema_arena *own;
    if (!own) own = schema_arena_create();
    return own;
}

static size_t aligned(size_t size) { return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1); }

static void *allocate(void *data, size_t size) {
    schema_arena *arena = data;
    if (size > PTRDIFF_MAX) return NULL;
    size = aligned(size);
    if (arena->current->size - arena->current->used < size) {
        size_t wanted = arena->current->size * 2;
        if (wanted > LARGEST_BLOCK) wanted = LARGEST_BLOCK;
        if (wanted < size) wanted = size;
        if (arena->total > arena->budget || wanted > arena->budget - arena->total) return NULL;
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

typedef schema_span span;

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

/* What a payload takes once it is unpacked. */
typedef struct {
    size_t fields, most_fields, memory;
} cost;

/* libprotobuf-c notes every field that it finds in 40 bytes, in slabs that double; what is released stays here. */
enum { NOTE = 2 * 40, UNKNOWN_FIELD = 32 };

static const char too_many_fields[] = "more fields than one message may have";

static const char *fault(const ProtobufCMessageDescriptor *descriptor, span in, int depth, cost *cost) {
    if (depth > SCHEMA_DEPTH_LIMIT) return "messages nested deeper than 100 levels";
    cost->memory += aligned(descriptor->sizeof_message);
    while (in.at < in.end) {
        uint64_t tag, value = 0;
        if (!varint(&in, &tag)) return "a broken tag";
        if (++cost->fields > cost->most_fields) return too_many_fields;
        const ProtobufCFieldDescriptor *field =
            tag >> 3 <= UINT32_MAX ? protobuf_c_message_descriptor_get_field(descriptor, (unsigned)(tag >> 3)) : NULL;
        const uint8_t *start = in.at;
        switch (tag & 7) {
        case 0:
            if (!varint(&in, &value)) return "a broken number";
            break;
        case 1:
            if (in.end - in.at < 8) return "a number cut short";
            in.at += 8;
            break;
        case 5:
            if (in.end - in.at < 4) return "a number cut short";
            in.at += 4;
            break;
        case 2: {
            if (!varint(&in, &value) || value > (uint64_t)(in.end - in.at)) return "a field cut short";
            span inside = { in.at, in.at + value };
            in.at += value;
            const char *found = NULL;
            if (field && field->type == PROTOBUF_C_TYPE_STRING) found = text_fault(inside.at, inside.end);
            else if (field && field->type == PROTOBUF_C_TYPE_MESSAGE)
                found = fault(field->descriptor, inside, depth + 1, cost);
            if (found) return found;
            break;
        }
        default:
            return "a wire type that proto3 does not have";
        }
        /* A place in an array, beside the note. */
        cost->memory += NOTE + ALIGNMENT;
        if (!field) cost->memory += UNKNOWN_FIELD + aligned((size_t)(in.at - start));
        else if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_BYTES)
            cost->memory += aligned(value + 1);
        else if ((tag & 7) == 2 && field->type != PROTOBUF_C_TYPE_MESSAGE) {
            /* Packed numbers, a byte each at least: each counts as if it stood alone. */
            cost->memory += aligned(value * 8);
            if (value > cost->most_fields - cost->fields) return too_many_fields;
            cost->fields += value;
        }
    }
    return NULL;
}

const ProtobufCMessage *schema_unpack(schema_arena *arena, const ProtobufCMessageDescriptor *descriptor,
                                      const uint8_t *bytes, size_t length, size_t most_fields, schema_fault *why) {
    cost cost = { .most_fields = most_fields };
    const char *text = fault(descriptor, (span){ bytes, bytes + length }, 1, &cost);
    *why = (schema_fault){ .text = text, .too_many = text == too_many_fields };
    if (text) return NULL;
    /* Blocks are at least half full, but for the last. Only a singular message that comes again and again, and is
     * merged each time, takes more. */
    arena->budget = arena->total + 2 * cost.memory + LARGEST_BLOCK;
    ProtobufCAllocator allocator = { .alloc = allocate, .free = release, .allocator_data = arena };
    const ProtobufCMessage *message = protobuf_c_message_unpack(descriptor, &allocator, length, bytes);
    arena->budget = SIZE_MAX;
    if (!message) why->text = "it does not decode";
    return message;
}

/* ---- taking apart ---- */

/* The field at the front of `in`: its number and, where it has any, its bytes. */
static const char *take_field(span *in, uint64_t *number, span *whole, span *inside) {
    uint64_t tag, value;
    whole->at = in->at;
    *inside = (span){ NULL, NULL };
    if (!varint(in, &tag)) return "a broken tag";
    size_t fixed = 0;
    switch (tag & 7) {
    case 0:
        if (!varint(in, &value)) return "a broken number";
        break;
    case 1: fixed = 8; break;
    case 5: fixed = 4; break;
    case 2:
        if (!varint(in, &value) || value > (uint64_t)(in->end - in->at)) return "a field cut short";
        *inside = (span){ in->at, in->at + value };
        in->at += value;
        break;
    default: return "a wire type that proto3 does not have";
    }
    if ((size_t)(in->end - in->at) < fixed) return "a number cut short";
    in->at += fixed;
    whole->end = in->at;
    *number = tag >> 3;
    return NULL;
}

int schema_take_apart(schema_arena *arena, uint32_t field, size_t most, const uint8_t *bytes, size_t length,
                      schema_parts *parts, schema_fault *why) {
    *parts = (schema_parts){ 0 };
    *why = (schema_fault){ 0 };
    size_t rest = 0;
    uint64_t number;
    span whole, inside;
    for (span in = { bytes, bytes + length }; in.at < in.end;) {
        why->text = take_field(&in, &number, &whole, &inside);
        if (!why->text && number == field && !inside.at) why->text = "a field of another type";
        if (!why->text && number == field && ++parts->count > most)
            *why = (schema_fault){ .text = "more elements than one request may have", .too_many = 1 };
        if (why->text) return 0;
        if (number == field) continue;
        rest += (size_t)(whole.end - whole.at);
    }
    parts->elements = allocate(arena, parts->count * sizeof *parts->elements);
    uint8_t *others = allocate(arena, rest);
    if (!parts->elements || !others) {
        why->text = "there is no memory";
        return 0;
    }
    parts->rest = (span){ others, others + rest };
    size_t count = 0;
    for (span in = { bytes, bytes + length }; in.at < in.end;) {
        take_field(&in, &number, &whole, &inside);
        if (number == field) {
            parts->elements[count++] = inside;
        } else {
            memcpy(others, whole.at, (size_t)(whole.end - whole.at));
            others += whole.end - whole.at;
        }
    }
    return 1;
}
