#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>

#include "CCryptography.h"

/* Fetched once: EVP_aes_128_gcm() is looked up among the providers at each use, under a lock. */
static EVP_CIPHER *aes128_gcm;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fetch(void) { aes128_gcm = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL); }

bool ccrypto_aes128_gcm_seal(const uint8_t key[CCRYPTO_AES128_KEY_LENGTH],
    const uint8_t nonce[CCRYPTO_GCM_NONCE_LENGTH], const uint8_t *plaintext, size_t length, uint8_t *sealed) {
    pthread_once(&once, fetch);
    if (length > INT_MAX) return false;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int written = 0, rest = 0;
    /* 12 bytes are the nonce that AES-GCM has unless another length is asked for. */
    bool done = aes128_gcm != NULL && context != NULL &&
        EVP_EncryptInit_ex2(context, aes128_gcm, key, nonce, NULL) == 1 &&
        EVP_EncryptUpdate(context, sealed, &written, plaintext, (int)length) == 1 &&
        EVP_EncryptFinal_ex(context, sealed + written, &rest) == 1 && (size_t)(written + rest) == length &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, CCRYPTO_GCM_TAG_LENGTH, sealed + length) == 1;
    /* Cleanses the key that it holds. */
    EVP_CIPHER_CTX_free(context);
    if (!done) ERR_clear_error();
    return done;
}
