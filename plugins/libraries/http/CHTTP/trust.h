/* Whom to trust: a file of certificates, read once for all connections of a client. libcurl reads it anew for each, unless
 * its multi handle is kept, and a system's takes it 20 ms and more. */
#ifndef CHTTP_TRUST_H
#define CHTTP_TRUST_H

#include <curl/curl.h>
#include <openssl/x509_vfy.h>
#include <sys/stat.h>

/* Of one thread. */
typedef struct trust {
    const char *ca_file; /* PEM; NULL: the system's certificates. The owner's. */
    X509_STORE *store;   /* NULL: nothing was read yet */
    struct stat read;    /* the file that was */
} trust;

void trust_close(trust *self);

/* CURLOPT_SSL_CTX_FUNCTION, with a `trust`. Where there is nothing to be read nobody is trusted. */
CURLcode trust_install(CURL *curl, void *tls, void *self);

#endif
