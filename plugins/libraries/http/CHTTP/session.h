/* nghttp2's side of a connection: requests into streams, and frames into answers. */
#ifndef CHTTP_SESSION_H
#define CHTTP_SESSION_H

#include "connection.h"

/* NULL: no memory. */
nghttp2_session *session_make(connection *owner);
/* Gives the request a stream. False: no stream is left, or no memory. */
bool session_ask(connection *owner, job *request);

#endif
