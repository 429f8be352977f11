// The flag that <fcntl.h> shows to GNU sources alone.
#ifndef TRIGGERD_DIRECT_H
#define TRIGGERD_DIRECT_H

#include <fcntl.h>

static inline int triggerd_o_direct(void) { return __O_DIRECT; }

#endif
