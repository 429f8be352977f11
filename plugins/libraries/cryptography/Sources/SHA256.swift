import CCryptography

/// FIPS 180-4.
package enum SHA256 {
    package static let byteCount = Int(CCRYPTO_SHA256_LENGTH)

    package static func digest(of bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: byteCount) { digest, count in
            ccrypto_sha256(bytes, bytes.count, digest.baseAddress)
            count = byteCount
        }
    }
}
