#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "transport.h"

int triggerd_fail(triggerd_error *error, triggerd_code code, int sent, int is_final, const char *format, ...) {
    if (!error) return 0; /* Nobody asks why. */
    error->code = code;
    error->sent = sent;
    error->is_final = is_final;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    return 0;
}

void triggerd_address_clear(triggerd_address *address) {
    free(address->text);
    free(address->host);
    free(address->port);
    memset(address, 0, sizeof *address);
}

/* HOST:PORT or [HOST]:PORT. */
static int parse_place(const char *place, triggerd_address *address) {
    const char *colon = strrchr(place, ':');
    if (!colon || colon == place || strchr(place, '/')) return 0;
    size_t length = (size_t)(colon - place);
    if (place[0] == '[' && place[length - 1] == ']') {
        place++;
        length -= 2;
    }
    char *end;
    long port = strtol(colon + 1, &end, 10);
    if (length == 0 || colon[1] < '0' || colon[1] > '9' || *end != 0 || port < 1 || port > 65535) return 0;
    address->host = strndup(place, length);
    address->port = strdup(colon + 1);
    return address->host && address->port;
}

int triggerd_address_parse(const char *text, triggerd_address *address, triggerd_error *error) {
    memset(address, 0, sizeof *address);
    address->text = strdup(text);
    int is_read = 0;
    if (strncmp(text, "unix:", 5) == 0) {
        const char *path = text + 5;
        if (strncmp(path, "//", 2) == 0) path += 2;
        address->door = DOOR_UNIX;
        address->host = strdup(path);
        is_read = *path != 0 && address->host;
    } else if (strncmp(text, "tcp://", 6) == 0 || strncmp(text, "tls://", 6) == 0) {
        address->door = text[1] == 'c' ? DOOR_TCP : DOOR_TLS;
        is_read = parse_place(text + 6, address);
    }
    if (is_read && address->text) return 1;
    return triggerd_fail(error, TRIGGERD_INVALID_ARGUMENT, 0, 1,
                         "'%s' is no address: write unix:PATH, tcp://HOST:PORT or tls://HOST:PORT", text);
}

int triggerd_address_is_open_to_others(const triggerd_address *address) {
    struct in_addr ip;
    if (address->door != DOOR_TCP) return 0;
    if (strcmp(address->host, "localhost") == 0 || strcmp(address->host, "::1") == 0) return 0;
    return inet_pton(AF_INET, address->host, &ip) != 1 || (ntohl(ip.s_addr) >> 24) != 127;
}
