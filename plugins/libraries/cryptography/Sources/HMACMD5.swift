import CCryptography

/// RFC 2104 with MD5, for CRAM-MD5 (RFC 2195) alone.
package enum HMACMD5 {
    /// Nil where the system's OpenSSL has no MD5, as under FIPS.
    package static func code(of bytes: [UInt8], key: SecretBytes) -> [UInt8]? {
        var isDone = false
        let code = [UInt8](unsafeUninitializedCapacity: Int(CCRYPTO_MD5_LENGTH)) { code, count in
            isDone = key.withBytes {
                ccrypto_hmac_md5($0.baseAddress, $0.count, bytes, bytes.count, code.baseAddress)
            }
            count = isDone ? Int(CCRYPTO_MD5_LENGTH) : 0
        }
        return isDone ? code : nil
    }
}
