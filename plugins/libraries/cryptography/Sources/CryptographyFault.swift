/// Why something was not done. It holds no secret.
package enum CryptographyFault: Error, Equatable {
    /// Neither PEM of such a key nor its bytes.
    case notAKey
    /// An RSA key of fewer bits than `RSAPrivateKey.leastBits`.
    case tooShort(bits: Int)
    /// Not 65 bytes that are a point of P-256.
    case notAPoint
    /// libcrypto had no memory, or no chance to give.
    case failed
}
