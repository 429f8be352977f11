#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "transport.h"

#define FRAME_BYTES ((size_t)4 << 20)
#define HEADER 10
/* Between two tries: doubled each time from the first to the most, and a random part of it. */
#define FIRST_PAUSE_MS 50
#define MOST_PAUSE_MS 2000
/* What the daemon's own DEADLINE_EXCEEDED may take beyond the deadline. */
#define SLACK_MS 200

struct triggerd_client {
    triggerd_address address;
    triggerd_options options;
    /* "Bearer ...", or NULL. */
    char *authorization;
    triggerd_transport *transport;
    uint32_t next_stream;
};

static char *copied(const char *text) { return text ? strdup(text) : NULL; }

static const char *or_empty(const char *text) { return text ? text : ""; }

static char *default_address(void) {
    const char *address = getenv("TRIGGERD_ADDRESS"), *path = getenv("TRIGGERD_SOCKET"), *folder = getenv("XDG_RUNTIME_DIR");
    char *text = NULL;
    int failed;
    if (address && *address) return strdup(address);
    if (path && *path) failed = asprintf(&text, "unix:%s", path);
    else failed = asprintf(&text, "unix:%s/triggerd/triggerd.sock", folder && *folder ? folder : "/run");
    return failed < 0 ? NULL : text;
}

triggerd_client *triggerd_open(const char *address, const triggerd_options *options, triggerd_error *error) {
    triggerd_client *client = calloc(1, sizeof *client);
    char *text = address ? strdup(address) : default_address();
    if (!client || !text) {
        free(client);
        free(text);
        triggerd_fail(error, TRIGGERD_RESOURCE_EXHAUSTED, 0, 1, "there is no memory");
        return NULL;
    }
    client->next_stream = 1;
    if (options) {
        client->options = *options;
        client->options.token = NULL;
        client->options.ca_file = copied(options->ca_file);
        client->options.certificate_file = copied(options->certificate_file);
        client->options.key_file = copied(options->key_file);
        if (options->token && asprintf(&client->authorization, "Bearer %s", options->token) < 0) client->authorization = NULL;
    }
    if (client->options.timeout_ms == 0) client->options.timeout_ms = 10000;
    int is_read = triggerd_address_parse(text, &client->address, error);
    free(text);
    if (is_read && client->authorization && triggerd_address_is_open_to_others(&client->address)) {
        is_read = triggerd_fail(error, TRIGGERD_INVALID_ARGUMENT, 0, 1,
                                "everybody on the way to %s could read the token: use tls://", client->address.host);
    }
    if (is_read) return client;
    triggerd_close(client);
    return NULL;
}

static void disconnect(triggerd_client *client) {
    triggerd_transport_close(client->transport);
    client->transport = NULL;
}

void triggerd_close(triggerd_client *client) {
    if (!client) return; /* There was none. */
    disconnect(client);
    triggerd_address_clear(&client->address);
    free((char *)client->options.ca_file);
    free((char *)client->options.certificate_file);
    free((char *)client->options.key_file);
    free(client->authorization);
    free(client);
}

/* The envelope. */

static uint8_t *put_varint(uint8_t *at, uint64_t value) {
    for (; value >= 0x80; value >>= 7) *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

static uint8_t *put_bytes(uint8_t *at, unsigned field, const void *bytes, size_t length) {
    at = put_varint(put_varint(at, field << 3 | 2), length);
    if (length > 0) memcpy(at, bytes, length);
    return at + length;
}

static uint8_t *put_pair(uint8_t *at, const char *key, const char *value) {
    uint8_t head[20];
    size_t keys = strlen(key), values = strlen(value);
    size_t length = (size_t)(put_varint(head, keys) - head) + keys + (size_t)(put_varint(head, values) - head) + values + 2;
    at = put_varint(put_varint(at, 5 << 3 | 2), length);
    return put_bytes(put_bytes(at, 1, key, keys), 2, value, values);
}

/* The frame of a request, or NULL and why. */
static uint8_t *request_frame(triggerd_client *client, const char *service, const char *method, const ProtobufCMessage *request,
                              int64_t timeout_ms, uint32_t stream, size_t *length, triggerd_error *error) {
    size_t size = protobuf_c_message_get_packed_size(request);
    size_t token = client->authorization ? strlen(client->authorization) : 0;
    size_t most = size + strlen(service) + strlen(method) + token + 128;
    uint8_t *frame = most <= FRAME_BYTES ? malloc(HEADER + most) : NULL;
    if (!frame) {
        triggerd_fail(error, TRIGGERD_RESOURCE_EXHAUSTED, 0, 1, "a request of %zu bytes does not fit into a frame", size);
        return NULL;
    }
    char name[128];
    int named = snprintf(name, sizeof name, "triggerd.v1.%s", service);
    uint8_t *at = put_bytes(frame + HEADER, 1, name, (size_t)named < sizeof name ? (size_t)named : sizeof name - 1);
    at = put_bytes(at, 2, method, strlen(method));
    at = put_varint(put_varint(at, 3 << 3 | 2), size);
    at += protobuf_c_message_pack(request, at);
    at = put_varint(put_varint(at, 4 << 3), (uint64_t)timeout_ms * 1000000);
    if (client->authorization) at = put_pair(at, "authorization", client->authorization);
    uint32_t numbers[2] = {htonl((uint32_t)(at - frame - HEADER)), htonl(stream)};
    memcpy(frame, numbers, sizeof numbers);
    frame[8] = 1;
    frame[9] = 0;
    *length = (size_t)(at - frame);
    return frame;
}

typedef struct {
    const uint8_t *at, *end;
} span;

static int get_varint(span *from, uint64_t *value) {
    *value = 0;
    for (int shift = 0; shift < 70 && from->at < from->end; shift += 7) {
        uint8_t byte = *from->at++;
        if (shift < 64) *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return 1;
    }
    return 0;
}

/* The next field: a varint's value, or the bytes of anything longer. */
static int get_field(span *from, uint64_t *field, uint64_t *value, span *bytes) {
    uint64_t tag, length;
    if (!get_varint(from, &tag)) return 0;
    *field = tag >> 3;
    *value = 0;
    bytes->at = bytes->end = from->at;
    if ((tag & 7) == 0) return get_varint(from, value);
    if ((tag & 7) == 2) {
        if (!get_varint(from, &length)) return 0;
    } else if ((tag & 7) == 1 || (tag & 7) == 5) {
        length = (tag & 7) == 1 ? 8 : 4;
    } else {
        return 0;
    }
    if (length > (uint64_t)(from->end - from->at)) return 0;
    bytes->at = from->at;
    bytes->end = from->at += length;
    return 1;
}

static int undecodable(triggerd_error *error) {
    return triggerd_fail(error, TRIGGERD_UNKNOWN, 1, 1, "the answer does not decode");
}

static int read_status(span status, triggerd_error *error) {
    uint64_t field, value, code = 0;
    span bytes, message = {NULL, NULL};
    while (status.at < status.end) {
        if (!get_field(&status, &field, &value, &bytes)) return undecodable(error);
        if (field == 1) code = value;
        if (field == 2) message = bytes;
    }
    if (code == 0) return 1;
    return triggerd_fail(error, code <= 16 ? (triggerd_code)code : TRIGGERD_UNKNOWN, 1, 0, "%.*s",
                         (int)(message.end - message.at), (const char *)message.at);
}

/* The payload of a response: 1, or 0 and what the server answered instead. */
static int read_response(span body, span *payload, triggerd_error *error) {
    uint64_t field, value;
    span bytes, status = {NULL, NULL};
    *payload = status;
    while (body.at < body.end) {
        if (!get_field(&body, &field, &value, &bytes)) return undecodable(error);
        if (field == 1) status = bytes;
        if (field == 2) *payload = bytes;
    }
    return read_status(status, error);
}

/* Calls. */

/* The body of the response to a stream, or NULL and why; what comes late for others is passed over. */
static uint8_t *receive(triggerd_client *client, uint32_t stream, size_t *length, int64_t deadline, triggerd_error *error) {
    for (;;) {
        uint8_t header[HEADER];
        uint32_t numbers[2];
        if (!triggerd_transport_read(client->transport, header, HEADER, deadline, error)) return NULL;
        memcpy(numbers, header, sizeof numbers);
        *length = ntohl(numbers[0]);
        if (*length > FRAME_BYTES) {
            triggerd_fail(error, TRIGGERD_UNAVAILABLE, 1, 0, "the server sent a frame of %zu bytes", *length);
            return NULL;
        }
        uint8_t *body = malloc(*length + 1);
        if (!body || !triggerd_transport_read(client->transport, body, *length, deadline, error)) {
            if (!body) triggerd_fail(error, TRIGGERD_RESOURCE_EXHAUSTED, 1, 1, "there is no memory");
            free(body);
            return NULL;
        }
        if (header[8] == 2 && ntohl(numbers[1]) == stream) return body;
        free(body);
    }
}

static ProtobufCMessage *once(triggerd_client *client, const char *service, const char *method, const ProtobufCMessage *request,
                              const ProtobufCMessageDescriptor *reply, int64_t deadline, triggerd_error *error) {
    int64_t left = deadline - triggerd_now();
    uint32_t stream = client->next_stream;
    size_t length;
    uint8_t *frame = request_frame(client, service, method, request, left > 0 ? left : 1, stream, &length, error);
    if (!frame) return NULL;
    if (!client->transport) client->transport = triggerd_transport_open(&client->address, &client->options, deadline, error);
    if (!client->transport) {
        free(frame);
        return NULL;
    }
    client->next_stream += 2;
    uint8_t *body = NULL;
    if (triggerd_transport_write(client->transport, frame, length, deadline + SLACK_MS, error)) {
        body = receive(client, stream, &length, deadline + SLACK_MS, error);
    }
    free(frame);
    if (!body) {
        disconnect(client); /* It broke, or is in the middle of a frame. */
        return NULL;
    }
    span payload;
    ProtobufCMessage *message = NULL;
    if (read_response((span){body, body + length}, &payload, error)) {
        message = protobuf_c_message_unpack(reply, NULL, (size_t)(payload.end - payload.at), payload.at);
        if (!message) undecodable(error);
    }
    free(body);
    return message;
}

static int may_repeat(const triggerd_error *error, int is_safe) {
    if (error->is_final) return 0;
    if (!error->sent) return error->code == TRIGGERD_UNAVAILABLE;
    return is_safe && (error->code == TRIGGERD_UNAVAILABLE || error->code == TRIGGERD_RESOURCE_EXHAUSTED);
}

/* Half of it to all of it. */
static void rest(int64_t pause_ms) {
    uint32_t chance = 0;
    if (getrandom(&chance, sizeof chance, 0) != sizeof chance) chance = 0; /* Then it is half. */
    int64_t ms = pause_ms / 2 + chance % (pause_ms / 2);
    struct timespec length = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&length, NULL);
}

ProtobufCMessage *triggerd_call(triggerd_client *client, const char *service, const char *method,
                                const ProtobufCMessage *request, const ProtobufCMessageDescriptor *reply, int is_safe,
                                triggerd_error *error) {
    triggerd_error failed = {0}, known = {0};
    int64_t deadline = triggerd_now() + client->options.timeout_ms;
    int64_t pause = FIRST_PAUSE_MS;
    for (;;) {
        ProtobufCMessage *message = once(client, service, method, request, reply, deadline, &failed);
        if (message) return message;
        /* What kept it says more than that it took too long. */
        if (failed.code == TRIGGERD_DEADLINE_EXCEEDED && known.code != TRIGGERD_OK) failed = known;
        else if (may_repeat(&failed, is_safe) && triggerd_now() + pause < deadline) {
            known = failed;
            rest(pause);
            pause = pause * 2 > MOST_PAUSE_MS ? MOST_PAUSE_MS : pause * 2;
            continue;
        }
        if (error) *error = failed;
        return NULL;
    }
}

void triggerd_free(void *reply) {
    if (reply) protobuf_c_message_free_unpacked(reply, NULL);
}

/* 128 random bits in hex. */
static int make_id(char id[33]) {
    uint8_t bits[16];
    if (getrandom(bits, sizeof bits, 0) != sizeof bits) return 0;
    for (int at = 0; at < 16; at++) snprintf(id + 2 * at, 3, "%02x", bits[at]);
    return 1;
}

Triggerd__V1__TrackReply *triggerd_track(triggerd_client *client, Triggerd__V1__Item *const *items, size_t count,
                                         triggerd_error *error) {
    for (size_t index = 0; index < count; index++) {
        char id[33];
        if (items[index]->id[0] != 0) continue; /* It has one. */
        if (!make_id(id) || !triggerd_set_id(items[index], id)) {
            triggerd_fail(error, TRIGGERD_RESOURCE_EXHAUSTED, 0, 1, "there is no memory for an id");
            return NULL;
        }
    }
    Triggerd__V1__TrackRequest request = TRIGGERD__V1__TRACK_REQUEST__INIT;
    request.items = (Triggerd__V1__Item **)items;
    request.n_items = count;
    return (Triggerd__V1__TrackReply *)triggerd_call(client, "Events", "Track", &request.base,
                                                     &triggerd__v1__track_reply__descriptor, 1, error);
}

Triggerd__V1__LeaseReply *triggerd_lease(triggerd_client *client, const char *user, const char *device,
                                         triggerd_error *error) {
    Triggerd__V1__LeaseRequest request = TRIGGERD__V1__LEASE_REQUEST__INIT;
    request.user = (char *)or_empty(user);
    request.device = (char *)or_empty(device);
    return (Triggerd__V1__LeaseReply *)triggerd_call(client, "Inbox", "Lease", &request.base,
                                                     &triggerd__v1__lease_reply__descriptor, 1, error);
}

int triggerd_acknowledge(triggerd_client *client, const char *user, uint64_t token, const char *action,
                         triggerd_error *error) {
    Triggerd__V1__AcknowledgeRequest request = TRIGGERD__V1__ACKNOWLEDGE_REQUEST__INIT;
    request.user = (char *)or_empty(user);
    request.token = token;
    request.action = (char *)or_empty(action);
    ProtobufCMessage *reply = triggerd_call(client, "Inbox", "Acknowledge", &request.base,
                                            &triggerd__v1__acknowledge_reply__descriptor, 0, error);
    triggerd_free(reply);
    return reply != NULL;
}

int triggerd_hold(triggerd_client *client, const char *user, uint64_t token, int64_t for_ms, triggerd_error *error) {
    Triggerd__V1__HoldRequest request = TRIGGERD__V1__HOLD_REQUEST__INIT;
    request.user = (char *)or_empty(user);
    request.token = token;
    request.for_ms = for_ms;
    ProtobufCMessage *reply =
        triggerd_call(client, "Inbox", "Hold", &request.base, &triggerd__v1__hold_reply__descriptor, 0, error);
    triggerd_free(reply);
    return reply != NULL;
}

Triggerd__V1__ExplainReply *triggerd_explain(triggerd_client *client, const char *user, const char *campaign,
                                             uint32_t limit, const char *page, triggerd_error *error) {
    Triggerd__V1__ExplainRequest request = TRIGGERD__V1__EXPLAIN_REQUEST__INIT;
    request.user = (char *)or_empty(user);
    request.campaign = (char *)or_empty(campaign);
    request.limit = limit;
    request.page = (char *)or_empty(page);
    return (Triggerd__V1__ExplainReply *)triggerd_call(client, "Decisions", "Explain", &request.base,
                                                       &triggerd__v1__explain_reply__descriptor, 1, error);
}

Triggerd__V1__HealthReply *triggerd_health(triggerd_client *client, triggerd_error *error) {
    Triggerd__V1__HealthRequest request = TRIGGERD__V1__HEALTH_REQUEST__INIT;
    return (Triggerd__V1__HealthReply *)triggerd_call(client, "Health", "Check", &request.base,
                                                      &triggerd__v1__health_reply__descriptor, 1, error);
}
