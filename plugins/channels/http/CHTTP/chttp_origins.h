/* What each origin of http:// was seen to speak. Few: such origins are on the machine itself. */
#ifndef CHTTP_ORIGINS_H
#define CHTTP_ORIGINS_H

#include <stddef.h>

typedef enum origin_speaks { ORIGIN_UNKNOWN = 0, ORIGIN_1_1 = 1, ORIGIN_2 = 2 } origin_speaks;

enum { most_origins = 64 };

typedef struct origins {
    struct {
        char *text;
        size_t length;
        origin_speaks speaks;
    } entries[most_origins];
    size_t count;
} origins;

origin_speaks origins_of(const origins *origins, const char *url);
/* Beyond `most_origins` the first is forgotten, and has to show again what it speaks. */
void origins_set(origins *origins, const char *url, origin_speaks speaks);
void origins_free(origins *origins);

#endif
