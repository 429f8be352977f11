/* Private keys as PEM. */
#ifndef CCRYPTOGRAPHY_PEM_H
#define CCRYPTOGRAPHY_PEM_H

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

/* NULL: there is none in it, or it needs a password. */
EVP_PKEY *pem_private_key(const uint8_t *pem, size_t length);

#endif
