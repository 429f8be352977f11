/* What every easy handle of libcurl's is set to. */
#ifndef CHTTP_HANDLE_H
#define CHTTP_HANDLE_H

#include "CTrust.h"

/* NULL: no memory. */
CURL *handle_make(trust *trusted);

#endif
