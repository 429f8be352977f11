import CCryptography

/// A point of the curve P-256 (NIST SP 800-186, 3.2.1.3).
package struct P256PublicKey: Sendable, Equatable {
    package static let byteCount = Int(CCRYPTO_P256_POINT_LENGTH)
    /// Uncompressed, as X9.63 has it: 4, x and y.
    package let bytes: [UInt8]

    /// - Throws: `notAPoint`, too, for one in another form.
    package init(_ bytes: [UInt8]) throws(CryptographyFault) {
        guard bytes.count == Self.byteCount, ccrypto_p256_is_point(bytes) else { throw .notAPoint }
        self.bytes = bytes
    }

    /// - Parameter point: of a private key.
    init(point: [UInt8]) { bytes = point }
}
