import CCryptography

/// RFC 2104 with SHA-256.
package enum HMACSHA256 {
    package static func code(of bytes: [UInt8], key: SecretBytes) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { code, count in
            key.withBytes { ccrypto_hmac_sha256($0.baseAddress, $0.count, bytes, bytes.count, code.baseAddress) }
            count = SHA256.byteCount
        }
    }
}
