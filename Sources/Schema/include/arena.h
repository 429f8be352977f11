/* Decoding payloads that a stranger sent, with libprotobuf-c.
 *
 * libprotobuf-c limits neither depth nor memory, accepts text that is not UTF-8, and cuts a string at a NUL.
 * So a payload is checked first, in one pass over its bytes beside its descriptor, which also counts its fields and
 * what it takes unpacked, and then unpacked into an arena with just that budget. What was unpacked or built there
 * lives until the arena is rewound; never free it. */
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
#include "triggerd/v1/outbox.pb-c.h"
#include "triggerd/v1/users.pb-c.h"
#include "triggerd/v1/value.pb-c.h"

/* Levels of messages within messages: the limit of other implementations. */
#define SCHEMA_DEPTH_LIMIT 100

/* Fields of a payload that is unpacked as one, those of messages within it counted: what a frame of 4 MiB holds of
 * fields of 8 bytes. One takes some 200 bytes unpacked, so that all of them take 100 MiB for a moment. */
#define SCHEMA_FIELDS_LIMIT ((size_t)524288)

typedef struct schema_arena schema_arena;

typedef struct {
    void *block;
    size_t used;
} schema_arena_mark;

typedef struct {
    const uint8_t *at, *end;
} schema_span;

/* Why a payload is refused: a text that lives for ever. */
typedef struct {
    const char *text;
    /* It may be well formed, and has more fields than are taken. */
    int too_many;
} schema_fault;

/* NULL when there is no memory. */
schema_arena *schema_arena_create(void);
void schema_arena_destroy(schema_arena *arena);

/* The calling thread's own, made at the first call. */
schema_arena *schema_arena_of_thread(void);

/* Where the arena is now; rewinding to it forgets everything since. */
schema_arena_mark schema_arena_get_mark(schema_arena *arena);
void schema_arena_rewind(schema_arena *arena, schema_arena_mark mark);

/* Zeroed and aligned for any type; NULL when there is no memory. */
void *schema_arena_allocate(schema_arena *arena, size_t size);

/* The message, or NULL and why. Whatever has at most so many fields and is well formed is unpacked. */
const ProtobufCMessage *schema_unpack(schema_arena *arena, const ProtobufCMessageDescriptor *descriptor,
                                      const uint8_t *bytes, size_t length, size_t most_fields, schema_fault *why);

/* A message of which one repeated field holds messages that are unpacked one by one. */
typedef struct {
    schema_span *elements;
    size_t count;
    /* All other fields, as a message. */
    schema_span rest;
} schema_parts;

/* 1, or 0 and why. `most`: elements. */
int schema_take_apart(schema_arena *arena, uint32_t field, size_t most, const uint8_t *bytes, size_t length,
                      schema_parts *parts, schema_fault *why);

/* The descriptors of the messages that begin a call or a record, for languages that cannot take an address. */
#define SCHEMA_DESCRIPTOR(name)                                                     \
    static inline const ProtobufCMessageDescriptor *schema_##name(void) {           \
        return &triggerd__v1__##name##__descriptor;                                 \
    }
SCHEMA_DESCRIPTOR(track_request)
SCHEMA_DESCRIPTOR(stream_reply)
SCHEMA_DESCRIPTOR(watch_decisions_request)
SCHEMA_DESCRIPTOR(watch_decisions_reply)
SCHEMA_DESCRIPTOR(watch_inbox_request)
SCHEMA_DESCRIPTOR(watch_inbox_reply)
SCHEMA_DESCRIPTOR(item)
SCHEMA_DESCRIPTOR(track_reply)
SCHEMA_DESCRIPTOR(apply_request)
SCHEMA_DESCRIPTOR(apply_reply)
SCHEMA_DESCRIPTOR(campaign)
SCHEMA_DESCRIPTOR(workspace)
SCHEMA_DESCRIPTOR(campaign_problem)
SCHEMA_DESCRIPTOR(campaign_status)
SCHEMA_DESCRIPTOR(get_campaign_request)
SCHEMA_DESCRIPTOR(list_campaigns_request)
SCHEMA_DESCRIPTOR(list_campaigns_reply)
SCHEMA_DESCRIPTOR(stop_campaign_request)
SCHEMA_DESCRIPTOR(resume_campaign_request)
SCHEMA_DESCRIPTOR(delete_campaign_request)
SCHEMA_DESCRIPTOR(delete_campaign_reply)
SCHEMA_DESCRIPTOR(preview_request)
SCHEMA_DESCRIPTOR(preview_reply)
SCHEMA_DESCRIPTOR(explain_request)
SCHEMA_DESCRIPTOR(explain_reply)
SCHEMA_DESCRIPTOR(list_decisions_request)
SCHEMA_DESCRIPTOR(list_decisions_reply)
SCHEMA_DESCRIPTOR(lease_request)
SCHEMA_DESCRIPTOR(lease_reply)
SCHEMA_DESCRIPTOR(acknowledge_request)
SCHEMA_DESCRIPTOR(acknowledge_reply)
SCHEMA_DESCRIPTOR(hold_request)
SCHEMA_DESCRIPTOR(hold_reply)
SCHEMA_DESCRIPTOR(list_failed_request)
SCHEMA_DESCRIPTOR(list_failed_reply)
SCHEMA_DESCRIPTOR(redrive_request)
SCHEMA_DESCRIPTOR(redrive_reply)
SCHEMA_DESCRIPTOR(get_user_request)
SCHEMA_DESCRIPTOR(user)
SCHEMA_DESCRIPTOR(delete_user_request)
SCHEMA_DESCRIPTOR(delete_user_reply)
SCHEMA_DESCRIPTOR(export_user_request)
SCHEMA_DESCRIPTOR(export_user_reply)
SCHEMA_DESCRIPTOR(health_request)
SCHEMA_DESCRIPTOR(health_reply)
SCHEMA_DESCRIPTOR(list_plugins_request)
SCHEMA_DESCRIPTOR(list_plugins_reply)
#undef SCHEMA_DESCRIPTOR

#endif
