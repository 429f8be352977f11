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
#include "triggerd/v1/outbox.pb-c.h"
#include "triggerd/v1/users.pb-c.h"
#include "triggerd/v1/value.pb-c.h"

/* Levels of messages within messages: the limit of other implementations. */
#define SCHEMA_DEPTH_LIMIT 100

typedef struct schema_arena schema_arena;

/* NULL when there is no memory. */
schema_arena *schema_arena_create(void);
void schema_arena_destroy(schema_arena *arena);

/* The calling thread's own, made at the first call. */
schema_arena *schema_arena_of_thread(void);

/* Forgets everything in it, and keeps its first block. */
void schema_arena_reset(schema_arena *arena);

/* Zeroed and aligned for any type; NULL past the budget. */
void *schema_arena_allocate(schema_arena *arena, size_t size);

/* The message, or NULL: `why` then points to a text that lives for ever. The budget of memory is 16 times the
 * payload, at least 1 MiB and at most 64 MiB. */
const ProtobufCMessage *schema_unpack(schema_arena *arena, const ProtobufCMessageDescriptor *descriptor,
                                      const uint8_t *bytes, size_t length, const char **why);

/* The descriptors of the messages that begin a call or a record, for languages that cannot take an address. */
#define SCHEMA_DESCRIPTOR(name)                                                     \
    static inline const ProtobufCMessageDescriptor *schema_##name(void) {           \
        return &triggerd__v1__##name##__descriptor;                                 \
    }
SCHEMA_DESCRIPTOR(track_request)
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
