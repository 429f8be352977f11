/* The contract between triggerd and its plug-ins, major version 1.
 *
 * A plug-in is a shared object that exports one function, triggerd_plugin_1. The host calls it
 * once, gives it its own table, and gets back what the module registers: trigger types and
 * channels. Nothing else crosses, and only C does.
 *
 * Tables. Every struct that may grow begins with its own size; fields are only ever appended.
 * Before you read a field, test that it lies within the size: TRIGGERD_HAS(table, field).
 * A module built against an older header runs in every newer host of this major version.
 *
 * Memory. Nothing that one side allocated is freed by the other. What the host passes is
 * read-only and valid until the function returns, for a message until its send is completed.
 * What a module hands over at registration must live as long as the process: no module is
 * ever unloaded.
 *
 * Threads. compile and destroy run on any thread of the host's, several at once and beside matches. matches
 * runs on the host's engine thread and must not block.
 * start, drain and stop run on a thread of the host's that may block. send may be called from
 * several threads at once, up to the channel's concurrency. The host's functions may be called
 * from any thread. No exception, panic or longjmp may cross.
 *
 * Text is UTF-8, counted in bytes, not NUL-terminated. Instants are milliseconds since
 * 1970-01-01T00:00:00Z.
 */
#ifndef TRIGGERD_PLUGIN_H
#define TRIGGERD_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TRIGGERD_ABI_MAJOR 1
#define TRIGGERD_ABI_MINOR 2
#define TRIGGERD_ENTRY_SYMBOL "triggerd_plugin_1"

/* Whether `field` lies within what the other side gave. */
#define TRIGGERD_HAS(table, field) \
    ((table)->size >= offsetof(__typeof__(*(table)), field) + sizeof((table)->field))

typedef struct triggerd_text {
    const char *bytes;
    size_t length;
} triggerd_text;

/* Where a function that fails says why: the host's buffer. Write at most `capacity` bytes and
 * set `length`. */
typedef struct triggerd_reason {
    uint32_t size;
    char *bytes;
    size_t capacity;
    size_t length;
} triggerd_reason;

/* ---- values: configuration, properties ---- */

typedef enum triggerd_kind {
    TRIGGERD_NULL = 0,
    TRIGGERD_BOOLEAN = 1,
    TRIGGERD_INTEGER = 2,
    TRIGGERD_DECIMAL = 3,
    TRIGGERD_STRING = 4,
    TRIGGERD_ARRAY = 5,
    TRIGGERD_OBJECT = 6
} triggerd_kind;

struct triggerd_member;

/* Fixed for this major version. */
typedef struct triggerd_value {
    uint32_t kind;  /* triggerd_kind */
    uint32_t count; /* bytes of a string, elements of an array, members of an object */
    union {
        bool boolean;
        int64_t integer;
        double decimal;
        const char *string;
        const struct triggerd_value *elements;
        const struct triggerd_member *members;
    } of;
} triggerd_value;

typedef struct triggerd_member {
    triggerd_text name;
    triggerd_value value;
} triggerd_member;

/* ---- schemas: what the host checks before a module sees a configuration ---- */

typedef enum triggerd_field_type {
    TRIGGERD_FIELD_STRING = 1,       /* one string */
    TRIGGERD_FIELD_STRINGS = 2,      /* one string or a list of them; the module always gets a list */
    TRIGGERD_FIELD_INTEGER = 3,
    TRIGGERD_FIELD_NUMBER = 4,       /* integer or decimal */
    TRIGGERD_FIELD_BOOLEAN = 5,
    TRIGGERD_FIELD_OBJECTS = 6,      /* a list of objects, whose fields are `fields` */
    TRIGGERD_FIELD_ANY = 7
} triggerd_field_type;

typedef enum triggerd_field_flags {
    TRIGGERD_FIELD_REQUIRED = 1,
    TRIGGERD_FIELD_TEMPLATE = 2,     /* a message's field: the host renders it over event and user;
                                      * of TRIGGERD_FIELD_ANY every string in it (since 1.1) */
    TRIGGERD_FIELD_HTML = 4,         /* a template whose values are escaped for HTML */
    TRIGGERD_FIELD_SECRET = 8,       /* a channel's setting: never printed */
    TRIGGERD_FIELD_URL = 16          /* since 1.2: with TRIGGERD_FIELD_TEMPLATE, a URL that the channel connects to: the
                                      * message says how much of it the campaign wrote itself (triggerd_lead) */
} triggerd_field_flags;

typedef struct triggerd_field {
    uint32_t size;
    triggerd_text name;
    uint32_t type;  /* triggerd_field_type */
    uint32_t flags; /* triggerd_field_flags, or-ed */
    triggerd_text summary;
    const triggerd_text *one_of; /* the only strings allowed; none: any */
    size_t one_of_count;
    const struct triggerd_field *const *fields; /* of TRIGGERD_FIELD_OBJECTS */
    size_t field_count;
} triggerd_field;

/* ---- trigger types ---- */

/* What an occurrence listens to: an event's type, and its subject where the type has one
 * (custom_event: the event's name; purchase: the product; attribute_changed: the attribute;
 * campaign_interaction, conversion, exception: the campaign; card_interaction: the card).
 * An empty subject listens to all of the type. The host asks about no other event. */
typedef struct triggerd_subject {
    triggerd_text event_type;
    triggerd_text subject;
} triggerd_subject;

typedef struct triggerd_event {
    uint32_t size;
    triggerd_text type;
    triggerd_text subject;
    triggerd_text user;
    int64_t time_ms;     /* when it happened */
    int64_t received_ms; /* when the engine took it */
    /* What changed: for a position {latitude, longitude}, for an attribute its value. NULL:
     * nothing was known before, or there is nothing after. */
    const triggerd_value *before;
    const triggerd_value *after;
    /* The event's properties, its own fields among them: an object, built at the first call and
     * valid until `matches` returns. */
    const triggerd_value *(*properties)(const struct triggerd_event *event);
    const void *host;
} triggerd_event;

typedef struct triggerd_trigger_type {
    uint32_t size;
    triggerd_text name; /* what a campaign writes as `type:` */
    const triggerd_field *const *fields;
    size_t field_count;
    const void *context; /* the module's own; given back to `compile` */
    /* Once for each occurrence of a campaign. `configuration` is an object that the schema holds
     * for. Gives the compiled occurrence, or NULL and the reason. */
    void *(*compile)(const void *context, const triggerd_value *configuration, triggerd_reason *why);
    /* The subjects of a compiled occurrence: writes at most `capacity`, returns how many there
     * are. They live as long as the occurrence. */
    size_t (*subjects)(const void *compiled, triggerd_subject *into, size_t capacity);
    /* Whether the event is this occurrence. */
    bool (*matches)(const void *compiled, const triggerd_event *event);
    void (*destroy)(void *compiled);
} triggerd_trigger_type;

/* ---- channels ---- */

typedef enum triggerd_presentation {
    TRIGGERD_AT_ONCE = 1,     /* handed to `send` when it is due */
    TRIGGERD_NEXT_SESSION = 2 /* queued until the user's next session, which carries it; `send` is not called */
} triggerd_presentation;

/* Since 1.2: how many bytes at the beginning of a field with TRIGGERD_FIELD_URL stand so in the campaign; what follows, a
 * template made of an event or a profile, which are not the operator's word. Fixed for this major version. */
typedef struct triggerd_lead {
    triggerd_text field;
    uint64_t bytes;
} triggerd_lead;

/* One message to one user. */
typedef struct triggerd_message {
    uint32_t size;
    triggerd_text key; /* the same for every try of this message, and for no other one */
    triggerd_text campaign;
    triggerd_text user;
    const triggerd_text *addresses; /* the user's, from the channel's address field */
    size_t address_count;
    const triggerd_member *fields; /* the message's fields, rendered */
    size_t field_count;
    int64_t deadline_ms; /* the host answers for the channel at this instant */
    uint32_t attempt; /* since 1.1: 1 for the first try */
    /* Since 1.2: since when the user has each of the addresses, at the latest, in milliseconds since 1970; 0: nobody
     * knows. NULL: of none of them. A provider's word that an address was dead before then is of no use. */
    const int64_t *addresses_since_ms;
    int64_t event_ms; /* since 1.2, as what follows: when the event happened that triggered the campaign; the same for every try */
    const triggerd_lead *leads; /* of the URLs that a template made a part of; any other is the campaign's own */
    size_t lead_count;
    /* An earlier message's TRIGGERD_DOUBTED stands, from before a start of the host too: its provider has accepted
     * nothing since. What it says of addresses is not to be believed. */
    bool is_in_doubt;
} triggerd_message;

typedef enum triggerd_result {
    TRIGGERD_ACCEPTED = 1,    /* the provider has it; `detail` is its id */
    TRIGGERD_TRY_AGAIN = 2,   /* not before `wait_ms` from now */
    TRIGGERD_REFUSED = 3,     /* for good; `detail` says why */
    TRIGGERD_ADDRESS_DEAD = 4, /* for good, and `address` is of no use any more */
    TRIGGERD_UNKNOWN = 5 /* since 1.1: the provider may have it or not; the channel's policy decides */
} triggerd_result;

/* Since 1.1: whom a TRIGGERD_TRY_AGAIN concerns. The host spaces the tries out by itself; a channel
 * names a wait only where the provider did. */
typedef enum triggerd_cause {
    TRIGGERD_ABOUT_MESSAGE = 0, /* this message alone */
    TRIGGERD_THROTTLED = 1,     /* the provider wants fewer at a time */
    TRIGGERD_UNAVAILABLE = 2,   /* it takes nothing: the channel's other messages wait too */
    /* since 1.2: an address was called dead, as too many were before, and is not believed dead. The message waits aside
     * and keeps its address; the others go on with care, before those that wait so, until one is accepted. */
    TRIGGERD_DOUBTED = 3
} triggerd_cause;

typedef struct triggerd_outcome {
    uint32_t size;
    uint32_t result; /* triggerd_result */
    triggerd_text detail;
    triggerd_text address;
    int64_t wait_ms;
    /* since 1.1 */
    uint32_t cause; /* triggerd_cause; of TRIGGERD_TRY_AGAIN and TRIGGERD_UNKNOWN */
    /* Which of several providers behind the channel this is of; empty: there is one. What one of
     * them cannot take holds nothing up that is meant for another. */
    triggerd_text service;
    const triggerd_text *dead_addresses; /* of no use any more, whatever the result */
    size_t dead_address_count;
} triggerd_outcome;

typedef uint64_t triggerd_send; /* an index and a generation */

/* Since 1.1: what is done where nobody knows whether the provider has a message (a crash, a
 * deadline, TRIGGERD_UNKNOWN). An operator may choose otherwise. */
typedef enum triggerd_unknown_policy {
    TRIGGERD_SEND_AGAIN = 0, /* with the same key */
    TRIGGERD_NEVER_AGAIN = 1, /* it is set aside as failed */
    /* With the same key, a few times, with growing pauses; then it is set aside. For a provider that does not know
     * keys, so that each time may be a copy. */
    TRIGGERD_A_FEW_TIMES = 2
} triggerd_unknown_policy;

typedef struct triggerd_channel {
    uint32_t size;
    triggerd_text name; /* what a campaign writes as `channel:` */
    uint32_t presentation;
    uint32_t concurrency; /* sends that may be under way at once, to each of several providers */
    const triggerd_field *const *message_fields;
    size_t message_field_count;
    const triggerd_field *const *setting_fields;
    size_t setting_field_count;
    /* The profile's fields that make a user reachable: the address (a string or a list), its
     * state, and the consent. Empty: none is needed. */
    triggerd_text address_field;
    triggerd_text status_field;
    triggerd_text consent_field;
    const void *context; /* the module's own; given back to `start` */
    /* `settings` is an object that the schema holds for, with `data_folder` beside it: the
     * daemon's data folder. Gives the channel's instance, or NULL and the reason. */
    void *(*start)(const void *context, const triggerd_value *settings, triggerd_reason *why);
    /* Begins to send and returns; the host's `complete` ends it, exactly once, from any thread. */
    void (*send)(void *instance, triggerd_send send, const triggerd_message *message);
    /* Returns when every send that was begun is completed. */
    void (*drain)(void *instance);
    void (*stop)(void *instance);
    /* since 1.1 */
    uint32_t unknown_policy; /* triggerd_unknown_policy */
    /* When a campaign is applied: whether a message's fields, an object that the schema holds for,
     * can ever be sent; false and the reason where they cannot. Templates stand in them as they are
     * written. NULL: all can. */
    bool (*check)(const void *context, const triggerd_value *fields, triggerd_reason *why);
    /* Which of several providers behind the channel a message is for: each has a pace of its own, so that one that
     * hangs or wants fewer holds up no other. Writes at most `capacity` bytes of UTF-8 and returns how many; 0: there
     * is one alone. An outcome's `service` tells of the same names. Called before `send`, on a thread of the
     * channel's own, and must not block. NULL: there is one alone. */
    size_t (*service)(void *instance, const triggerd_message *message, char *into, size_t capacity);
    /* How long a send may take before the host answers for it, up to 3600 s; 0: 60 s. */
    uint32_t deadline_seconds;
    /* Names that this channel's templates may print beside `event`, `user` and `campaign`, and that the channel fills
     * in itself when it sends: {{ name }} comes to it as {{name}}. */
    const triggerd_text *filled_names;
    size_t filled_name_count;
} triggerd_channel;

/* ---- the two tables ---- */

typedef enum triggerd_log_level {
    TRIGGERD_LOG_DEBUG = 1,
    TRIGGERD_LOG_INFO = 2,
    TRIGGERD_LOG_WARNING = 3,
    TRIGGERD_LOG_ERROR = 4
} triggerd_log_level;

typedef enum triggerd_completion {
    TRIGGERD_COMPLETED = 0,
    TRIGGERD_UNKNOWN_SEND = 1,  /* no such send, or completed before */
    TRIGGERD_BAD_OUTCOME = 2
} triggerd_completion;

typedef struct triggerd_host {
    uint32_t size;
    uint32_t abi_minor;
    triggerd_text version;
    void (*log)(uint32_t level, triggerd_text text);
    /* Ends a send. Everything in `outcome` is copied. */
    uint32_t (*complete)(triggerd_send send, const triggerd_outcome *outcome);
} triggerd_host;

typedef struct triggerd_module {
    uint32_t size;
    uint32_t needs_abi_minor; /* the oldest host that this module runs in */
    triggerd_text name;
    triggerd_text version;
    const triggerd_trigger_type *const *trigger_types;
    size_t trigger_type_count;
    const triggerd_channel *const *channels;
    size_t channel_count;
} triggerd_module;

/* The one symbol. NULL refuses to be loaded, and says why. */
typedef const triggerd_module *(*triggerd_entry)(const triggerd_host *host, triggerd_reason *why);

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
const triggerd_module *triggerd_plugin_1(const triggerd_host *host, triggerd_reason *why);

#ifdef __cplusplus
}
#endif
#endif
