#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>

#include "CCryptography.h"

/* Fetched once: a name is looked up among the providers at each use, under a lock. */
static EVP_MD *sha256;
/* Of HMAC with it, without a key: each use begins with a copy. */
static EVP_MAC_CTX *hmac;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fetch(void) {
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    OSSL_PARAM digest[] = {OSSL_PARAM_construct_utf8_string("digest", "SHA256", 0), OSSL_PARAM_construct_end()};
    if (mac != NULL) hmac = EVP_MAC_CTX_new(mac);
    if (hmac != NULL && EVP_MAC_CTX_set_params(hmac, digest) != 1) {
        EVP_MAC_CTX_free(hmac);
        hmac = NULL;
    }
    EVP_MAC_free(mac);
}

/* Without memory for a digest nothing goes on: Swift ends the process, too, where it gets none. */
static void need(bool done) {
    if (!done) abort();
}

void ccrypto_cleanse(void *bytes, size_t length) { OPENSSL_cleanse(bytes, length); }

void ccrypto_sha256(const uint8_t *bytes, size_t length, uint8_t digest[CCRYPTO_SHA256_LENGTH]) {
    pthread_once(&once, fetch);
    need(sha256 != NULL && EVP_Digest(bytes, length, digest, NULL, sha256, NULL) == 1);
}

void ccrypto_hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *bytes, size_t length,
    uint8_t code[CCRYPTO_SHA256_LENGTH]) {
    pthread_once(&once, fetch);
    EVP_MAC_CTX *context = hmac != NULL ? EVP_MAC_CTX_dup(hmac) : NULL;
    size_t written = 0;
    /* No pointer would be no key, which is another thing than an empty one. */
    need(context != NULL && EVP_MAC_init(context, key != NULL ? key : (const uint8_t *)"", key_length, NULL) == 1 &&
        EVP_MAC_update(context, bytes, length) == 1 &&
        EVP_MAC_final(context, code, &written, CCRYPTO_SHA256_LENGTH) == 1 && written == CCRYPTO_SHA256_LENGTH);
    /* Cleanses the key that it holds. */
    EVP_MAC_CTX_free(context);
}

bool ccrypto_hmac_md5(const uint8_t *key, size_t key_length, const uint8_t *bytes, size_t length,
    uint8_t code[CCRYPTO_MD5_LENGTH]) {
    size_t written = 0;
    const uint8_t *some = key != NULL ? key : (const uint8_t *)"";
    return EVP_Q_mac(NULL, "HMAC", NULL, "MD5", NULL, some, key_length, bytes, length, code, CCRYPTO_MD5_LENGTH,
               &written) != NULL
        && written == CCRYPTO_MD5_LENGTH;
}
