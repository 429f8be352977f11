/* A connection of bytes, whatever the door: every wait ends at a deadline. */
#ifndef TRIGGERD_TRANSPORT_H
#define TRIGGERD_TRANSPORT_H

#include "triggerd.h"

typedef enum { DOOR_UNIX, DOOR_TCP, DOOR_TLS } triggerd_door;

typedef struct {
    triggerd_door door;
    char *text, *host, *port;
} triggerd_address;

typedef struct triggerd_transport triggerd_transport;

/* 1, or 0 and why; `address` is then to be cleared. */
int triggerd_address_parse(const char *text, triggerd_address *address, triggerd_error *error);
void triggerd_address_clear(triggerd_address *address);
/* Whether what is sent there can be read on the way. */
int triggerd_address_is_open_to_others(const triggerd_address *address);

/* Milliseconds of a clock that nobody sets. */
int64_t triggerd_now(void);

triggerd_transport *triggerd_transport_open(const triggerd_address *address, const triggerd_options *options,
                                            int64_t deadline, triggerd_error *error);
void triggerd_transport_close(triggerd_transport *transport);
/* All of it: 1, or 0 and why. */
int triggerd_transport_write(triggerd_transport *transport, const uint8_t *bytes, size_t length, int64_t deadline,
                             triggerd_error *error);
int triggerd_transport_read(triggerd_transport *transport, uint8_t *bytes, size_t length, int64_t deadline,
                            triggerd_error *error);

/* Says why; 0. */
int triggerd_fail(triggerd_error *error, triggerd_code code, int sent, int is_final, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
