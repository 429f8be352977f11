import Cryptography

/// RFC 8291 over the content coding `aes128gcm` of RFC 8188, in one record.
package enum WebPushEncryption {
    /// With the coding's header of 86 bytes, the delimiter and the tag it becomes the 4096 that every push service
    /// takes.
    package static let longestPlaintext = 3_993
    private static let recordSize: UInt32 = 4_096

    private static let keyInfo = Array("Content-Encoding: aes128gcm\0".utf8)
    private static let nonceInfo = Array("Content-Encoding: nonce\0".utf8)

    /// - Parameters:
    ///   - ephemeral: made for this message alone.
    ///   - salt: 16 bytes of chance.
    package static func seal(
        _ plaintext: [UInt8],
        to subscription: WebPushSubscription,
        ephemeral: P256PrivateKey,
        salt: [UInt8] = chance(16)
    ) throws(CryptographyFault) -> [UInt8] {
        let sender = ephemeral.publicKey.bytes
        let shared = try ephemeral.sharedSecret(with: subscription.publicKey)
        // RFC 8291, 3.3: key_info = "WebPush: info" || 0x00 || ua_public || as_public.
        let info = Array("WebPush: info\0".utf8) + subscription.publicKey.bytes + sender
        let input = HKDFSHA256.expand(
            HKDFSHA256.extract(shared, salt: subscription.authSecret),
            info: info,
            count: SHA256.byteCount
        )
        let pseudorandom = HKDFSHA256.extract(input, salt: salt)
        let sealed = try AES128GCM.seal(
            // RFC 8188, 2: the last record's delimiter.
            plaintext + [2],
            key: HKDFSHA256.expand(pseudorandom, info: keyInfo, count: AES128GCM.keyCount),
            nonce: HKDFSHA256.expand(pseudorandom, info: nonceInfo, count: AES128GCM.nonceCount)
        )
        var coded: [UInt8] = []
        coded.reserveCapacity(salt.count + 5 + sender.count + sealed.count)
        coded += salt
        for shift: UInt32 in [24, 16, 8, 0] { coded.append(UInt8(truncatingIfNeeded: recordSize >> shift)) }
        coded.append(UInt8(sender.count))
        coded += sender
        coded += sealed
        return coded
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
