/* What OpenSSL's libcrypto does for the channels, with plain values in and out. It is the one that
 * libcurl brings, linked shared.
 *
 * Every function may be called from any thread. None leaves anything in the calling thread's queue
 * of OpenSSL's errors: libcurl looks there, and would take it for its own. */
#ifndef CCRYPTOGRAPHY_H
#define CCRYPTOGRAPHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CCRYPTO_SHA256_LENGTH = 32,
    CCRYPTO_P256_SCALAR_LENGTH = 32,
    CCRYPTO_P256_POINT_LENGTH = 65, /* uncompressed: 0x04, x, y */
    CCRYPTO_P256_SIGNATURE_LENGTH = 64,
    CCRYPTO_AES128_KEY_LENGTH = 16,
    CCRYPTO_GCM_NONCE_LENGTH = 12,
    CCRYPTO_GCM_TAG_LENGTH = 16,
    CCRYPTO_MD5_LENGTH = 16
};

/* Overwrites it, which no compiler leaves out. */
void ccrypto_cleanse(void *bytes, size_t length);

/* Neither fails: they end the process where there is no memory for them. */
void ccrypto_sha256(const uint8_t *bytes, size_t length, uint8_t digest[CCRYPTO_SHA256_LENGTH]);
void ccrypto_hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *bytes, size_t length,
    uint8_t code[CCRYPTO_SHA256_LENGTH]);

/* False: OpenSSL has no MD5, or no memory. */
bool ccrypto_hmac_md5(const uint8_t *key, size_t key_length, const uint8_t *bytes, size_t length,
    uint8_t code[CCRYPTO_MD5_LENGTH]);

/* The ciphertext, as long as the plaintext, and the tag behind it. False: no memory. */
bool ccrypto_aes128_gcm_seal(const uint8_t key[CCRYPTO_AES128_KEY_LENGTH],
    const uint8_t nonce[CCRYPTO_GCM_NONCE_LENGTH], const uint8_t *plaintext, size_t length, uint8_t *sealed);

/* A private key on P-256, with its public one. */
typedef struct ccrypto_p256 ccrypto_p256;

/* NULL: no memory, or no chance to be had. */
ccrypto_p256 *ccrypto_p256_generate(void);
/* Big-endian. NULL: 0, or not below the group's order. */
ccrypto_p256 *ccrypto_p256_from_scalar(const uint8_t scalar[CCRYPTO_P256_SCALAR_LENGTH]);
/* PKCS #8 or SEC 1, without a password; where the public key is not in it, it is worked out. NULL: it
 * is none, on another curve, or its halves do not belong together. */
ccrypto_p256 *ccrypto_p256_from_pem(const uint8_t *pem, size_t length);
void ccrypto_p256_free(ccrypto_p256 *key);

/* False: no memory. */
bool ccrypto_p256_public_key(const ccrypto_p256 *key, uint8_t point[CCRYPTO_P256_POINT_LENGTH]);
/* ECDH: the shared point's x. False: the point is none of the curve's. */
bool ccrypto_p256_agree(const ccrypto_p256 *key, const uint8_t point[CCRYPTO_P256_POINT_LENGTH],
    uint8_t secret[CCRYPTO_P256_SCALAR_LENGTH]);
/* ECDSA with SHA-256: r and s (RFC 7518, 3.4). */
bool ccrypto_p256_sign(const ccrypto_p256 *key, const uint8_t *bytes, size_t length,
    uint8_t signature[CCRYPTO_P256_SIGNATURE_LENGTH]);
/* Whether it is a point of the curve, and uncompressed. */
bool ccrypto_p256_is_point(const uint8_t point[CCRYPTO_P256_POINT_LENGTH]);

/* An RSA private key. */
typedef struct ccrypto_rsa ccrypto_rsa;

/* PKCS #8 or PKCS #1, without a password. NULL: it is none, or its halves do not belong together. */
ccrypto_rsa *ccrypto_rsa_from_pem(const uint8_t *pem, size_t length);
void ccrypto_rsa_free(ccrypto_rsa *key);
int ccrypto_rsa_bits(const ccrypto_rsa *key);
/* A signature's bytes. */
size_t ccrypto_rsa_length(const ccrypto_rsa *key);
/* PKCS #1 1.5 with SHA-256, of ccrypto_rsa_length bytes. */
bool ccrypto_rsa_sign(const ccrypto_rsa *key, const uint8_t *bytes, size_t length, uint8_t *signature);

#endif
