/* Decoding payloads that a stranger sent, with libprotobuf-c.
 *
 * libprotobuf-c limits neither depth nor memory, accepts text that is not UTF-8, and cuts a string at a NUL.
 * So a payload is checked first, in one pass over its bytes beside its descriptor, and then unpacked into an
 * arena with a budget. What was unpacked or built there lives until the arena is reset; never free it. */
#ifndef TRIGGERD_SCHEMA_ARENA_H
#define TRIGGERD_SCHEMA_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#include "triggerd/v1/campaign.pb-c.h"
#include "triggerd/v1/daemon.pb-c.h"
#include "triggerd/v1/decision.pb-c.h"
#include "triggerd/v1/events.pb-c.h"
#include "triggerd/v1/inbox.pb-c.h"
#include "triggerd/v1/users.pb-c.h"
#include "triggerd/v1/value.pb-c.h"

/* Levels of messages within messages: the limit of other implementations. */
#define SCHEMA_DEPTH_LIMIT 100

typedef struct schema_arena schema_arena;

/* NULL when there is no memory. */
schema_arena *schema_arena_create(void);
void schema_arena_destroy(schema_arena *arena);

/* Forgets everything in it, and keeps its first block. */
void schema_arena_reset(schema_arena *arena);

/* Zeroed and aligned for any type; NULL past the budget. */
void *schema_arena_allocate(schema_arena *arena, size_t size);

/* The message, or NULL: `why` then points to a text that lives for ever. The budget of memory is 16 times the
 * payload, at least 1 MiB and at most 64 MiB. */
const ProtobufCMessage *schema_unpack(schema_arena *arena, const ProtobufCMessageDescriptor *descriptor,
                                      const uint8_t *bytes, size_t length, const char **why);

#endif
