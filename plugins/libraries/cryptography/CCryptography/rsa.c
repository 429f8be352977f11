#include <openssl/err.h>
#include <openssl/evp.h>

#include "CCryptography.h"
#include "pem.h"

/* ccrypto_rsa is an EVP_PKEY: what signs with one on several threads takes references to it. */
static EVP_PKEY *pkey(const ccrypto_rsa *key) { return (EVP_PKEY *)(uintptr_t)key; }

static bool verifies(EVP_PKEY *key, const uint8_t *bytes, size_t length, const uint8_t *signature, size_t size) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context != NULL && EVP_DigestVerifyInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) == 1 &&
        EVP_DigestVerify(context, signature, size, bytes, length) == 1;
    EVP_MD_CTX_free(context);
    return done;
}

/* A key that was damaged on its way still looks like one; what it signs, nobody takes. */
static bool belongs_together(EVP_PKEY *key) {
    static const uint8_t text[] = "a key that signs what its other half knows";
    uint8_t signature[2048];
    size_t length = (size_t)EVP_PKEY_get_size(key);
    return length <= sizeof signature && ccrypto_rsa_sign((ccrypto_rsa *)key, text, sizeof text, signature) &&
        verifies(key, text, sizeof text, signature, length);
}

ccrypto_rsa *ccrypto_rsa_from_pem(const uint8_t *pem, size_t length) {
    EVP_PKEY *key = pem_private_key(pem, length);
    if (key != NULL && (!EVP_PKEY_is_a(key, "RSA") || !belongs_together(key))) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    ERR_clear_error();
    return (ccrypto_rsa *)key;
}

void ccrypto_rsa_free(ccrypto_rsa *key) { EVP_PKEY_free(pkey(key)); }

int ccrypto_rsa_bits(const ccrypto_rsa *key) { return EVP_PKEY_get_bits(pkey(key)); }

size_t ccrypto_rsa_length(const ccrypto_rsa *key) { return (size_t)EVP_PKEY_get_size(pkey(key)); }

/* Rarely called, an hour's token at a time: the digest need not be kept fetched. */
bool ccrypto_rsa_sign(const ccrypto_rsa *key, const uint8_t *bytes, size_t length, uint8_t *signature) {
    size_t written = ccrypto_rsa_length(key), whole = written;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context != NULL &&
        EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, pkey(key), NULL) == 1 &&
        EVP_DigestSign(context, signature, &written, bytes, length) == 1 && written == whole;
    EVP_MD_CTX_free(context);
    if (!done) ERR_clear_error();
    return done;
}
