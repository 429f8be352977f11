/* Whom to trust: a file of certificates, read once for all connections of a client. libcurl reads it anew for each, and a
 * system's takes it 20 ms and more. */
#ifndef CTRUST_H
#define CTRUST_H

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

/* The handle reads no certificates itself: a `ca_file` stands instead of the system's, and not beside them. */
CURLcode trust_replace(CURL *curl);

/* CURLOPT_SSL_CTX_FUNCTION, with a `trust`. Where there is nothing to be read nobody is trusted. */
CURLcode trust_install(CURL *curl, void *tls, void *self);

#endif
