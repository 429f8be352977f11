import Testing

@testable import Cryptography

@Suite struct DigestTests {
    /// FIPS 180-4, examples.
    @Test func sha256() {
        #expect(
            SHA256.digest(of: Array("abc".utf8))
                == bytes("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        )
        #expect(
            SHA256.digest(of: []) == bytes("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        )
    }

    /// RFC 4231, 4.3 and 4.7: a short key, and one longer than a block.
    @Test(
        arguments: [
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                Array(repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
        ] as [([UInt8], String, String)]
    )
    func hmac(_ key: [UInt8], _ text: String, _ code: String) {
        #expect(HMACSHA256.code(of: Array(text.utf8), key: SecretBytes(key)) == bytes(code))
    }

    /// A key of exactly a block is none longer than it.
    @Test func aKeyIsFilledUpWithZeros() {
        let key = [UInt8](repeating: 7, count: 63)
        let code = HMACSHA256.code(of: [1], key: SecretBytes(key))
        #expect(HMACSHA256.code(of: [1], key: SecretBytes(key + [0])) == code)
        #expect(HMACSHA256.code(of: [1], key: SecretBytes(key + [0, 0])) != code)
    }

    /// RFC 5869, A.1.
    @Test(arguments: [0, 1, 16, 32])
    func hkdf(_ count: Int) {
        let key = HKDFSHA256.extract(SecretBytes([UInt8](repeating: 0x0B, count: 22)), salt: Array(0...12))
        #expect(
            key.withBytes { Array($0) }
                == bytes("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5")
        )
        let output = HKDFSHA256.expand(key, info: Array(0xF0...0xF9), count: count)
        #expect(
            output.withBytes { Array($0) }
                == Array(bytes("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf").prefix(count))
        )
    }

    /// NIST's "The Galois/Counter Mode of Operation", test cases 1 and 3.
    @Test(
        arguments: [
            (
                "00000000000000000000000000000000", "000000000000000000000000", "",
                "58e2fccefa7e3061367f1d57a4e7455a"
            ),
            (
                "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
                """
                d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255
                """,
                """
                42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e\
                21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985\
                4d5c2af327cd64a62cf35abd2ba6fab4
                """
            ),
        ]
    )
    func aes128GCM(_ key: String, _ nonce: String, _ plaintext: String, _ sealed: String) throws {
        let made = try AES128GCM.seal(
            bytes(plaintext),
            key: SecretBytes(bytes(key)),
            nonce: SecretBytes(bytes(nonce))
        )
        #expect(made == bytes(sealed))
    }
}
