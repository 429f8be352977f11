/* The calls below are older than EVP, and out of favour in 3.0; but they take no memory and so
 * cannot fail, where EVP asks for a context each time. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

#include "CCryptography.h"

void ccrypto_cleanse(void *bytes, size_t length) { OPENSSL_cleanse(bytes, length); }

void ccrypto_sha256(const uint8_t *bytes, size_t length, uint8_t digest[CCRYPTO_SHA256_LENGTH]) {
    SHA256_CTX state;
    SHA256_Init(&state);
    SHA256_Update(&state, bytes, length);
    SHA256_Final(digest, &state);
    OPENSSL_cleanse(&state, sizeof state);
}

static void begin(SHA256_CTX *state, const uint8_t block[SHA256_CBLOCK], uint8_t pad) {
    uint8_t padded[SHA256_CBLOCK];
    for (size_t i = 0; i < sizeof padded; i++) padded[i] = block[i] ^ pad;
    SHA256_Init(state);
    SHA256_Update(state, padded, sizeof padded);
    OPENSSL_cleanse(padded, sizeof padded);
}

/* RFC 2104: H(K xor opad, H(K xor ipad, text)). */
void ccrypto_hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *bytes, size_t length,
    uint8_t code[CCRYPTO_SHA256_LENGTH]) {
    uint8_t block[SHA256_CBLOCK] = {0}, inner[SHA256_DIGEST_LENGTH];
    if (key_length > sizeof block) ccrypto_sha256(key, key_length, block);
    else if (key_length > 0) memcpy(block, key, key_length);
    SHA256_CTX state;
    begin(&state, block, 0x36);
    SHA256_Update(&state, bytes, length);
    SHA256_Final(inner, &state);
    begin(&state, block, 0x5C);
    SHA256_Update(&state, inner, sizeof inner);
    SHA256_Final(code, &state);
    OPENSSL_cleanse(block, sizeof block);
    OPENSSL_cleanse(inner, sizeof inner);
    OPENSSL_cleanse(&state, sizeof state);
}
