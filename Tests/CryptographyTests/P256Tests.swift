import Dispatch
import Foundation
import Testing

@testable import Cryptography

@Suite struct P256Tests {
    private static let order = bytes("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")

    /// RFC 5903, 8.1.
    @Test func theVectorOfRFC5903() throws {
        let ours = try P256PrivateKey(bytes: bytes("C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433"))
        let theirs = try P256PrivateKey(
            bytes: bytes("C6EF9C5D78AE012A011164ACB397CE2088685D8F06BF9BE0B283AB46476BEE53")
        )
        #expect(
            ours.publicKey.bytes
                == bytes(
                    """
                    04 DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C3772581180
                    5271A0461CDB8252D61F1C456FA3E59AB1F45B33ACCF5F58389E0577B8990BB3
                    """
                )
        )
        let secret = bytes("D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE")
        #expect(try ours.sharedSecret(with: theirs.publicKey).withBytes { Array($0) } == secret)
        #expect(try theirs.sharedSecret(with: P256PublicKey(ours.publicKey.bytes)).withBytes { Array($0) } == secret)
    }

    @Test func aNumberIsFrom1ToTheOrder() throws {
        var below = Self.order
        below[31] -= 1
        let one = [UInt8](repeating: 0, count: 31) + [1]
        for taken in [one, below] { #expect(throws: Never.self) { try P256PrivateKey(bytes: taken) } }
        // Both of the generator's x, and so the secret with it.
        let first = try P256PrivateKey(bytes: one).publicKey.bytes
        #expect(try P256PrivateKey(bytes: below).publicKey.bytes[1...32] == first[1...32])
        let zero = [UInt8](repeating: 0, count: 32)
        for refused in [zero, Self.order, [UInt8](repeating: 255, count: 32), [], one + [0], [UInt8](one.dropFirst())] {
            #expect(throws: CryptographyFault.notAKey) { try P256PrivateKey(bytes: refused) }
        }
    }

    @Test func aPointIsOneOfTheCurveAndUncompressed() throws {
        let point = try P256PrivateKey().publicKey.bytes
        #expect(try P256PublicKey(point).bytes == point)
        var refused = [[], [0], Array(point.dropLast()), point + [0], [2] + Array(point[1...32])]
        // The hybrid forms, whose first byte tells whether y is even; infinity, padded.
        refused += [[6 + point[64] % 2] + point.dropFirst(), [UInt8](repeating: 0, count: 65)]
        refused.append([4] + [UInt8](repeating: 255, count: 64))
        for index in [1, 32, 33, 64] {
            var other = point
            other[index] ^= 1
            refused.append(other)
        }
        for bytes in refused { #expect(throws: CryptographyFault.notAPoint) { try P256PublicKey(bytes) } }
    }

    @Test func pemIsOfPKCS8OrOfSEC1() throws {
        let pem = try OpenSSL.key("EC", "ec_paramgen_curve:P-256")
        let older = try OpenSSL.traditional(pem)
        #expect(older.contains("BEGIN EC PRIVATE KEY"))
        let key = try P256PrivateKey(pem: pem)
        #expect(try P256PrivateKey(pem: older).publicKey == key.publicKey)
        #expect(try P256PrivateKey(pem: pem.replacing("\n", with: "\r\n")).publicKey == key.publicKey)
        let refused = [
            "", "x", String(pem.dropLast(40)), try OpenSSL.key("EC", "ec_paramgen_curve:P-384"),
            try OpenSSL.key("EC", "ec_paramgen_curve:secp256k1"), try OpenSSL.key("RSA", "rsa_keygen_bits:2048"),
            try OpenSSL.traditional(pem, encrypted: true), try OpenSSL.run("ecparam", "-name", "prime256v1"),
        ]
        for text in refused { #expect(throws: CryptographyFault.notAKey) { try P256PrivateKey(pem: text) } }
    }

    @Test func thePublicHalfIsTheKeysOwnOrIsWorkedOut() throws {
        let pem = try OpenSSL.key("EC", "ec_paramgen_curve:P-256")
        let point = try P256PrivateKey(pem: pem).publicKey.bytes
        let without = try OpenSSL.withoutPublicKey(pem)
        #expect(without.count < pem.count)
        #expect(try P256PrivateKey(pem: without).publicKey.bytes == point)
        let der = try #require(Data(base64Encoded: pem.split(separator: "\n").dropFirst().dropLast().joined()))
        let place = try #require(der.range(of: Data(point)))
        let other = try P256PrivateKey().publicKey.bytes
        let mixed = der[..<place.lowerBound] + other + der[place.upperBound...]
        let text = "-----BEGIN PRIVATE KEY-----\n\(mixed.base64EncodedString())\n-----END PRIVATE KEY-----\n"
        #expect(throws: CryptographyFault.notAKey) { try P256PrivateKey(pem: text) }
    }

    @Test func aSignatureIsVerifiedByOthers() throws {
        let pem = try OpenSSL.key("EC", "ec_paramgen_curve:P-256")
        let key = try P256PrivateKey(pem: pem)
        let text = Array("header.claims".utf8)
        // Numbers whose first bit is set, or whose first byte is 0, are other lengths in DER.
        for _ in 0..<20 {
            let signature = try key.signature(of: text)
            #expect(signature.count == 64)
            #expect(try OpenSSL.verifies(Self.der(signature), of: text, key: pem))
        }
    }

    @Test func manyThreadsShareAKey() throws {
        let key = try P256PrivateKey()
        DispatchQueue.concurrentPerform(iterations: 200) { _ in
            do {
                let other = try P256PrivateKey()
                let ours = try key.sharedSecret(with: other.publicKey).withBytes { Array($0) }
                #expect(try other.sharedSecret(with: key.publicKey).withBytes { Array($0) } == ours)
                #expect(try key.signature(of: ours).count == 64)
            } catch {
                Issue.record(error)
            }
        }
    }

    /// SEQUENCE { INTEGER r, INTEGER s }
    private static func der(_ signature: [UInt8]) -> [UInt8] {
        let numbers = [signature[..<32], signature[32...]].flatMap { half -> [UInt8] in
            var number = Array(half.drop { $0 == 0 })
            if number.first.map({ $0 > 0x7F }) ?? true { number.insert(0, at: 0) }
            return [2, UInt8(number.count)] + number
        }
        return [0x30, UInt8(numbers.count)] + numbers
    }
}
