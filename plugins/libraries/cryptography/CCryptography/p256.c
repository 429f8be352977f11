#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

#include "CCryptography.h"
#include "pem.h"

/* ccrypto_p256 is an EVP_PKEY, which is not changed any more: what uses one on several threads has a context each. */
static EVP_PKEY *pkey(const ccrypto_p256 *key) { return (EVP_PKEY *)(uintptr_t)key; }

/* The curve alone: a key that begins with a copy of it costs 10 us less than one that is told its name. */
static EVP_PKEY *curve;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_curve(void) {
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM name[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, SN_X9_62_prime256v1, 0), OSSL_PARAM_construct_end()};
    if (context != NULL && EVP_PKEY_fromdata_init(context) == 1)
        EVP_PKEY_fromdata(context, &curve, EVP_PKEY_KEY_PARAMETERS, name);
    EVP_PKEY_CTX_free(context);
}

static EVP_PKEY *get_curve(void) {
    pthread_once(&once, make_curve);
    return curve;
}

static bool is_on_curve(EVP_PKEY *key) {
    char curve[32];
    return EVP_PKEY_is_a(key, "EC") &&
        EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof curve, NULL) == 1 &&
        strcmp(curve, SN_X9_62_prime256v1) == 0;
}

/* That the scalar is from 1 to the order, and the point its own. */
static bool belongs_together(EVP_PKEY *key) {
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool does = context != NULL && EVP_PKEY_private_check(context) == 1 && EVP_PKEY_pairwise_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    return does;
}

/* Takes the key; NULL where it is not one of P-256. */
static ccrypto_p256 *checked(EVP_PKEY *key) {
    if (key != NULL && !(is_on_curve(key) && belongs_together(key))) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    ERR_clear_error();
    return (ccrypto_p256 *)key;
}

ccrypto_p256 *ccrypto_p256_generate(void) {
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = get_curve() != NULL ? EVP_PKEY_CTX_new_from_pkey(NULL, curve, NULL) : NULL;
    if (context != NULL && EVP_PKEY_keygen_init(context) == 1) EVP_PKEY_generate(context, &key);
    EVP_PKEY_CTX_free(context);
    if (key == NULL) ERR_clear_error();
    return (ccrypto_p256 *)key;
}

ccrypto_p256 *ccrypto_p256_from_scalar(const uint8_t scalar[CCRYPTO_P256_SCALAR_LENGTH]) {
    /* RFC 5915: ECPrivateKey { 1, scalar, [0] prime256v1 }. Where it has no public key, OpenSSL works it out, which
     * no other call of EVP does. */
    static const uint8_t head[] = {0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20};
    static const uint8_t tail[] = {0xA0, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
    uint8_t der[sizeof head + CCRYPTO_P256_SCALAR_LENGTH + sizeof tail];
    memcpy(der, head, sizeof head);
    memcpy(der + sizeof head, scalar, CCRYPTO_P256_SCALAR_LENGTH);
    memcpy(der + sizeof head + CCRYPTO_P256_SCALAR_LENGTH, tail, sizeof tail);
    const uint8_t *at = der;
    ccrypto_p256 *key = checked(d2i_PrivateKey_ex(EVP_PKEY_EC, NULL, &at, sizeof der, NULL, NULL));
    OPENSSL_cleanse(der, sizeof der);
    return key;
}

ccrypto_p256 *ccrypto_p256_from_pem(const uint8_t *pem, size_t length) {
    return checked(pem_private_key(pem, length));
}

void ccrypto_p256_free(ccrypto_p256 *key) { EVP_PKEY_free(pkey(key)); }

bool ccrypto_p256_public_key(const ccrypto_p256 *key, uint8_t point[CCRYPTO_P256_POINT_LENGTH]) {
    BIGNUM *x = NULL, *y = NULL;
    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    bool done = EVP_PKEY_get_bn_param(pkey(key), OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
        EVP_PKEY_get_bn_param(pkey(key), OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1 && BN_bn2binpad(x, point + 1, 32) == 32 &&
        BN_bn2binpad(y, point + 33, 32) == 32;
    BN_free(x);
    BN_free(y);
    if (!done) ERR_clear_error();
    return done;
}

/* NULL: it is none of the curve's, at which OpenSSL looks, or it is not uncompressed. */
static EVP_PKEY *public_key(const uint8_t point[CCRYPTO_P256_POINT_LENGTH]) {
    if (point[0] != POINT_CONVERSION_UNCOMPRESSED || get_curve() == NULL) return NULL;
    EVP_PKEY *key = EVP_PKEY_new();
    if (key != NULL && (EVP_PKEY_copy_parameters(key, curve) != 1 ||
                           EVP_PKEY_set1_encoded_public_key(key, point, CCRYPTO_P256_POINT_LENGTH) != 1)) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    if (key == NULL) ERR_clear_error();
    return key;
}

bool ccrypto_p256_is_point(const uint8_t point[CCRYPTO_P256_POINT_LENGTH]) {
    EVP_PKEY *key = public_key(point);
    EVP_PKEY_free(key);
    return key != NULL;
}

bool ccrypto_p256_agree(const ccrypto_p256 *key, const uint8_t point[CCRYPTO_P256_POINT_LENGTH],
    uint8_t secret[CCRYPTO_P256_SCALAR_LENGTH]) {
    EVP_PKEY *peer = public_key(point);
    EVP_PKEY_CTX *context = peer != NULL ? EVP_PKEY_CTX_new_from_pkey(NULL, pkey(key), NULL) : NULL;
    size_t length = CCRYPTO_P256_SCALAR_LENGTH;
    /* The peer is on the curve, and as its cofactor is 1 that is all that a point has to be: OpenSSL would multiply
     * it with the order. */
    bool done = context != NULL && EVP_PKEY_derive_init(context) == 1 &&
        EVP_PKEY_derive_set_peer_ex(context, peer, 0) == 1 && EVP_PKEY_derive(context, secret, &length) == 1 &&
        length == CCRYPTO_P256_SCALAR_LENGTH;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(peer);
    if (!done) ERR_clear_error();
    return done;
}

/* SEQUENCE { r, s } to r and s. */
static bool split(const uint8_t *der, size_t length, uint8_t signature[CCRYPTO_P256_SIGNATURE_LENGTH]) {
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)length);
    bool done = pair != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, 32) == 32 &&
        BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + 32, 32) == 32;
    ECDSA_SIG_free(pair);
    return done;
}

bool ccrypto_p256_sign(const ccrypto_p256 *key, const uint8_t *bytes, size_t length,
    uint8_t signature[CCRYPTO_P256_SIGNATURE_LENGTH]) {
    uint8_t der[CCRYPTO_P256_SIGNATURE_LENGTH + 8];
    size_t written = sizeof der;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context != NULL &&
        EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, pkey(key), NULL) == 1 &&
        EVP_DigestSign(context, der, &written, bytes, length) == 1 && split(der, written, signature);
    EVP_MD_CTX_free(context);
    if (!done) ERR_clear_error();
    return done;
}
