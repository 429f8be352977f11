#include "chttp_origins.h"

#include <stdlib.h>
#include <string.h>

/* `scheme://authority` of a URL. */
static size_t origin_length(const char *url) {
    const char *authority = strstr(url, "://");
    if (authority == NULL) return strlen(url);
    authority += 3;
    return (size_t)(authority - url) + strcspn(authority, "/?#");
}

static size_t place_of(const origins *self, const char *url, size_t length) {
    for (size_t i = 0; i < self->count; i++)
        if (self->entries[i].length == length && memcmp(self->entries[i].text, url, length) == 0) return i;
    return self->count;
}

origin_speaks origins_of(const origins *self, const char *url) {
    size_t place = place_of(self, url, origin_length(url));
    return place < self->count ? self->entries[place].speaks : ORIGIN_UNKNOWN;
}

void origins_set(origins *self, const char *url, origin_speaks speaks) {
    size_t length = origin_length(url);
    size_t place = place_of(self, url, length);
    if (place == self->count) {
        char *copy = strndup(url, length);
        if (copy == NULL) return;
        if (self->count == most_origins) {
            free(self->entries[0].text);
            memmove(&self->entries[0], &self->entries[1], (most_origins - 1) * sizeof self->entries[0]);
            place = self->count = most_origins - 1;
        }
        self->entries[place].text = copy;
        self->entries[place].length = length;
        self->count++;
    }
    self->entries[place].speaks = speaks;
}

void origins_free(origins *self) {
    for (size_t i = 0; i < self->count; i++) free(self->entries[i].text);
    self->count = 0;
}
