#include "pem.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

/* Without one OpenSSL asks for the password at the terminal. */
static int no_password(char *into, int room, int writing, void *context) {
    (void)into, (void)room, (void)writing, (void)context;
    return -1;
}

EVP_PKEY *pem_private_key(const uint8_t *pem, size_t length) {
    if (length > INT_MAX) return NULL;
    BIO *source = BIO_new_mem_buf(pem, (int)length);
    EVP_PKEY *key = source ? PEM_read_bio_PrivateKey(source, NULL, no_password, NULL) : NULL;
    BIO_free(source);
    /* It tries one format after the other, and leaves the errors of those that it was not. */
    ERR_clear_error();
    return key;
}
