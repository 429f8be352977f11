import CCryptography

/// An RSA key that signs.
package final class RSAPrivateKey: @unchecked Sendable {
    // libcrypto's key is not changed once it is made, and may be used from any thread.
    private let key: OpaquePointer

    /// RFC 7518, 3.3.
    package static let leastBits = 2_048

    /// - Parameter pem: PKCS #8 or PKCS #1, without a password.
    package init(pem: String) throws(CryptographyFault) {
        var pem = pem
        guard let made = pem.withUTF8({ ccrypto_rsa_from_pem($0.baseAddress, $0.count) }) else { throw .notAKey }
        let bits = Int(ccrypto_rsa_bits(made))
        guard bits >= Self.leastBits else {
            ccrypto_rsa_free(made)
            throw .tooShort(bits: bits)
        }
        key = made
    }

    deinit { ccrypto_rsa_free(key) }

    /// PKCS #1 1.5 with SHA-256: RS256 of RFC 7518, 3.3.
    package func signature(of bytes: [UInt8]) throws(CryptographyFault) -> [UInt8] {
        let made = filled(ccrypto_rsa_length(key)) { ccrypto_rsa_sign(key, bytes, bytes.count, $0) }
        guard let made else { throw .failed }
        return made
    }
}
