/* jemalloc takes the place of the system's malloc in whatever links this target. */
#ifndef TRIGGERD_CJEMALLOC_H
#define TRIGGERD_CJEMALLOC_H

/* Its own header declares malloc anew, which Swift's Glibc has already. */
extern const char *malloc_conf;

#endif
