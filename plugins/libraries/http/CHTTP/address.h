/* Which addresses a client that keeps to the internet connects to. */
#ifndef CHTTP_ADDRESS_H
#define CHTTP_ADDRESS_H

#include <curl/curl.h>

#include "CHTTP.h"

/* What was found of the addresses that a connection was tried to. */
typedef struct address_guard {
    bool kept_some_out;
    bool let_some_through;
} address_guard;

/* Has every socket of this handle's looked at when it is about to be connected: behind the resolver, so that no name
 * and no spelling of an address gets past. */
CURLcode address_guard_install(CURL *curl, address_guard *guard);
/* Whether nothing was connected to because none of its addresses may be. */
bool address_guard_refused(const address_guard *guard, CURLcode result);
extern const char address_guard_words[];

#endif
