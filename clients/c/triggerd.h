/* A client of triggerd over libprotobuf-c. README.md has the shortest program.
 *
 * A client makes one call at a time: each thread has its own. It connects when it is needed, and again when the
 * connection broke. Everything that is handed out is freed by its `..._free`. */
#ifndef TRIGGERD_H
#define TRIGGERD_H

#include <stddef.h>
#include <stdint.h>

#include "triggerd/v1/campaign.pb-c.h"
#include "triggerd/v1/daemon.pb-c.h"
#include "triggerd/v1/decision.pb-c.h"
#include "triggerd/v1/events.pb-c.h"
#include "triggerd/v1/inbox.pb-c.h"
#include "triggerd/v1/outbox.pb-c.h"
#include "triggerd/v1/users.pb-c.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As gRPC numbers them; docs/protocol.md says when which one is answered. */
typedef enum {
    TRIGGERD_OK = 0,
    TRIGGERD_CANCELLED = 1,
    TRIGGERD_UNKNOWN = 2,
    TRIGGERD_INVALID_ARGUMENT = 3,
    TRIGGERD_DEADLINE_EXCEEDED = 4,
    TRIGGERD_NOT_FOUND = 5,
    TRIGGERD_ALREADY_EXISTS = 6,
    TRIGGERD_PERMISSION_DENIED = 7,
    TRIGGERD_RESOURCE_EXHAUSTED = 8,
    TRIGGERD_FAILED_PRECONDITION = 9,
    TRIGGERD_ABORTED = 10,
    TRIGGERD_OUT_OF_RANGE = 11,
    TRIGGERD_UNIMPLEMENTED = 12,
    TRIGGERD_INTERNAL = 13,
    TRIGGERD_UNAVAILABLE = 14,
    TRIGGERD_DATA_LOSS = 15,
    TRIGGERD_UNAUTHENTICATED = 16
} triggerd_code;

/* Why a call failed. Decide by the code; the message is for people, and cut where it is longer. */
typedef struct {
    triggerd_code code;
    char message[1024];
    /* The daemon may have had the request: with TRIGGERD_UNAVAILABLE nobody knows whether it was done. */
    int sent;
    /* No other try makes it better. */
    int is_final;
} triggerd_error;

/* All zero is well. */
typedef struct {
    /* For a door that asks for one. */
    const char *token;
    /* How long a call may take with all its tries; 0: 10,000. */
    int timeout_ms;
    /* Of a tls:// address, files in PEM: who signs the daemon's certificate (NULL: the system's authorities), and who
     * the client is. */
    const char *ca_file, *certificate_file, *key_file;
} triggerd_options;

typedef struct triggerd_client triggerd_client;

/* `address`: unix:PATH, tcp://HOST:PORT or tls://HOST:PORT; NULL: $TRIGGERD_ADDRESS, else the daemon's own socket. It
 * does not connect yet. NULL and why, where the address or the options are wrong. */
triggerd_client *triggerd_open(const char *address, const triggerd_options *options, triggerd_error *error);
void triggerd_close(triggerd_client *client);

/* Items of one or many users, in one request: all are taken or none, but for REFUSED ones. An item without an id is
 * given one, so that losing the connection is safe; set your own where you try again after an error. */
Triggerd__V1__TrackReply *triggerd_track(triggerd_client *client, Triggerd__V1__Item *const *items, size_t count,
                                         triggerd_error *error);

/* The in-app message that is to be shown now, for 30 s: `message` of the reply, or NULL. The same device ("": the only
 * one) is given the same one again. */
Triggerd__V1__LeaseReply *triggerd_lease(triggerd_client *client, const char *user, const char *device,
                                         triggerd_error *error);
/* It was shown ("viewed"), "clicked" or "dismissed". 1, or 0 and why. */
int triggerd_acknowledge(triggerd_client *client, const char *user, uint64_t token, const char *action,
                         triggerd_error *error);
/* Not now: the lease is over, and it is not shown for so long. 1, or 0 and why. */
int triggerd_hold(triggerd_client *client, const char *user, uint64_t token, int64_t for_ms, triggerd_error *error);

/* Why the user did or did not get messages (of one campaign, or of "" all), newest first; a page of at most 1,000.
 * `page`: `next_page` of the reply before, or "". */
Triggerd__V1__ExplainReply *triggerd_explain(triggerd_client *client, const char *user, const char *campaign,
                                             uint32_t limit, const char *page, triggerd_error *error);

Triggerd__V1__HealthReply *triggerd_health(triggerd_client *client, triggerd_error *error);

/* Any method of triggerd.v1: the reply is of the descriptor, or NULL and why. `is_safe`: it may be done twice, and so is
 * tried again where it may have been done. */
ProtobufCMessage *triggerd_call(triggerd_client *client, const char *service, const char *method,
                                const ProtobufCMessage *request, const ProtobufCMessageDescriptor *reply, int is_safe,
                                triggerd_error *error);

/* Of any reply. */
void triggerd_free(void *reply);

/* Items. Texts are copied; NULL where there is no memory. */
Triggerd__V1__Item *triggerd_event(const char *user, const char *event);
Triggerd__V1__Item *triggerd_purchase(const char *user, const char *product, double price, const char *currency);
Triggerd__V1__Item *triggerd_session_start(const char *user, const char *device);
Triggerd__V1__Item *triggerd_update(const char *user);
Triggerd__V1__Item *triggerd_location(const char *user, double latitude, double longitude);
void triggerd_item_free(Triggerd__V1__Item *item);

/* More about an item: each gives 1, or 0 where there is no memory. Attributes are set on the profile first. */
int triggerd_set_id(Triggerd__V1__Item *item, const char *id);
void triggerd_set_time(Triggerd__V1__Item *item, int64_t ms);
int triggerd_property_text(Triggerd__V1__Item *item, const char *name, const char *value);
int triggerd_property_integer(Triggerd__V1__Item *item, const char *name, int64_t value);
int triggerd_property_decimal(Triggerd__V1__Item *item, const char *name, double value);
int triggerd_property_boolean(Triggerd__V1__Item *item, const char *name, int value);
int triggerd_attribute_text(Triggerd__V1__Item *item, const char *name, const char *value);
int triggerd_attribute_integer(Triggerd__V1__Item *item, const char *name, int64_t value);
int triggerd_attribute_decimal(Triggerd__V1__Item *item, const char *name, double value);
int triggerd_attribute_boolean(Triggerd__V1__Item *item, const char *name, int value);
int triggerd_attribute_remove(Triggerd__V1__Item *item, const char *name);

#ifdef __cplusplus
}
#endif

#endif
