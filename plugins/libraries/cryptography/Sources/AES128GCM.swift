import CCryptography

/// NIST SP 800-38D with a key of 128 bits, without additional data.
package enum AES128GCM {
    package static let keyCount = Int(CCRYPTO_AES128_KEY_LENGTH)
    package static let nonceCount = Int(CCRYPTO_GCM_NONCE_LENGTH)
    package static let tagCount = Int(CCRYPTO_GCM_TAG_LENGTH)

    /// The ciphertext and the tag behind it. A nonce is used once with a key.
    package static func seal(
        _ plaintext: [UInt8],
        key: SecretBytes,
        nonce: SecretBytes
    ) throws(CryptographyFault) -> [UInt8] {
        precondition(key.count == keyCount && nonce.count == nonceCount, "\(key.count), \(nonce.count) bytes")
        let sealed = filled(plaintext.count + tagCount) { sealed in
            key.withBytes { key in
                nonce.withBytes { nonce in
                    ccrypto_aes128_gcm_seal(key.baseAddress, nonce.baseAddress, plaintext, plaintext.count, sealed)
                }
            }
        }
        guard let sealed else { throw .failed }
        return sealed
    }
}
