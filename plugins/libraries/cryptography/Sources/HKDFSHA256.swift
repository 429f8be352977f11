import CCryptography

/// RFC 5869 with SHA-256, for keys of one digest's length at most.
package enum HKDFSHA256 {
    /// Section 2.2: HMAC(salt, input).
    package static func extract(_ input: SecretBytes, salt: [UInt8]) -> SecretBytes {
        SecretBytes(count: SHA256.byteCount) { key in
            input.withBytes { input in
                ccrypto_hmac_sha256(salt, salt.count, input.baseAddress, input.count, key.baseAddress)
            }
        }
    }

    /// Section 2.3, of which the first block is enough: HMAC(key, info || 1).
    package static func expand(_ key: SecretBytes, info: [UInt8], count: Int) -> SecretBytes {
        precondition(count <= SHA256.byteCount, "a key of \(count) bytes is of more blocks than one")
        let block = SecretBytes(count: SHA256.byteCount) { block in
            let text = info + [1]
            key.withBytes { ccrypto_hmac_sha256($0.baseAddress, $0.count, text, text.count, block.baseAddress) }
        }
        return block.withBytes { SecretBytes($0.prefix(count)) }
    }
}
