import CCryptography

/// A private key on the curve P-256: signs, and agrees with others' public keys on a secret.
package final class P256PrivateKey: @unchecked Sendable {
    // libcrypto's key is not changed once it is made, and may be read from any thread.
    private let key: OpaquePointer
    package let publicKey: P256PublicKey

    static let byteCount = Int(CCRYPTO_P256_SCALAR_LENGTH)

    /// A new one.
    package convenience init() throws(CryptographyFault) {
        try self.init(ccrypto_p256_generate(), or: .failed)
    }

    /// - Parameter pem: PKCS #8 or SEC 1, without a password.
    package convenience init(pem: String) throws(CryptographyFault) {
        var pem = pem
        try self.init(pem.withUTF8 { ccrypto_p256_from_pem($0.baseAddress, $0.count) }, or: .notAKey)
    }

    /// - Parameter bytes: 32, of a number from 1 to the group's order, big-endian.
    package convenience init(bytes: [UInt8]) throws(CryptographyFault) {
        guard bytes.count == Self.byteCount else { throw .notAKey }
        try self.init(ccrypto_p256_from_scalar(bytes), or: .notAKey)
    }

    private init(_ made: OpaquePointer?, or fault: CryptographyFault) throws(CryptographyFault) {
        guard let made else { throw fault }
        guard let point = filled(P256PublicKey.byteCount, { ccrypto_p256_public_key(made, $0) }) else {
            ccrypto_p256_free(made)
            throw .failed
        }
        key = made
        publicKey = P256PublicKey(point: point)
    }

    deinit { ccrypto_p256_free(key) }

    /// ECDH (NIST SP 800-56A, 5.7.1.2): 32 bytes.
    package func sharedSecret(with other: P256PublicKey) throws(CryptographyFault) -> SecretBytes {
        try SecretBytes(count: Self.byteCount) { secret throws(CryptographyFault) in
            guard ccrypto_p256_agree(key, other.bytes, secret.baseAddress) else { throw .failed }
        }
    }

    /// ECDSA with SHA-256, 64 bytes: ES256 of RFC 7518, 3.4.
    package func signature(of bytes: [UInt8]) throws(CryptographyFault) -> [UInt8] {
        let made = filled(Int(CCRYPTO_P256_SIGNATURE_LENGTH)) { ccrypto_p256_sign(key, bytes, bytes.count, $0) }
        guard let made else { throw .failed }
        return made
    }
}
