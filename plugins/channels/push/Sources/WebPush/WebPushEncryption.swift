import Crypto

/// RFC 8291 over the content coding `aes128gcm` of RFC 8188, in one record.
package enum WebPushEncryption {
    /// With the coding's header of 86 bytes, the delimiter and the tag it becomes the 4096 that every push service
    /// takes.
    package static let longestPlaintext = 3_993
    private static let recordSize: UInt32 = 4_096

    /// - Parameters:
    ///   - ephemeral: made for this message alone.
    ///   - salt: 16 bytes of chance.
    package static func seal(
        _ plaintext: [UInt8],
        to subscription: WebPushSubscription,
        ephemeral: P256.KeyAgreement.PrivateKey = ephemeralKey(),
        salt: [UInt8] = chance(16)
    ) throws -> [UInt8] {
        let sender = ephemeral.publicKey.x963Representation
        let shared = try ephemeral.sharedSecretFromKeyAgreement(with: subscription.publicKey)
        // RFC 8291, 3.3: key_info = "WebPush: info" || 0x00 || ua_public || as_public.
        let info = Array("WebPush: info\0".utf8) + subscription.publicKey.x963Representation + sender
        let input = shared.hkdfDerivedSymmetricKey(
            using: SHA256.self,
            salt: subscription.authSecret,
            sharedInfo: info,
            outputByteCount: 32
        )
        let pseudorandom = HKDF<SHA256>.extract(inputKeyMaterial: input, salt: salt)
        let key = HKDF<SHA256>.expand(
            pseudoRandomKey: pseudorandom,
            info: Array("Content-Encoding: aes128gcm\0".utf8),
            outputByteCount: 16
        )
        let nonce = HKDF<SHA256>.expand(
            pseudoRandomKey: pseudorandom,
            info: Array("Content-Encoding: nonce\0".utf8),
            outputByteCount: 12
        )
        // RFC 8188, 2: the last record's delimiter.
        let sealed = try AES.GCM.seal(
            plaintext + [2],
            using: key,
            nonce: try nonce.withUnsafeBytes { try AES.GCM.Nonce(data: $0) }
        )
        var coded = salt
        coded.reserveCapacity(86 + plaintext.count + 17)
        for shift: UInt32 in [24, 16, 8, 0] { coded.append(UInt8(truncatingIfNeeded: recordSize >> shift)) }
        coded.append(UInt8(sender.count))
        coded += sender
        coded += sealed.ciphertext
        coded += sealed.tag
        return coded
    }

    /// The library's own way to make one signs and verifies with it as well, which costs three times the rest of a
    /// push. A number beyond the group's order is not taken, so that each below it is as likely as any other.
    package static func ephemeralKey() -> P256.KeyAgreement.PrivateKey {
        while true {
            if let key = try? P256.KeyAgreement.PrivateKey(rawRepresentation: chance(32)) { return key }
        }
    }

    /// From the system's generator.
    package static func chance(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, made in
            var generator = SystemRandomNumberGenerator()
            while made < count {
                var number = generator.next() as UInt64
                for index in made..<min(made + 8, count) {
                    buffer.initializeElement(at: index, to: UInt8(truncatingIfNeeded: number))
                    number >>= 8
                }
                made = min(made + 8, count)
            }
        }
    }
}
