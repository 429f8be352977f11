import Cryptography
import Foundation
import Testing

@Suite struct RSATests {
    @Test func aSignatureIsVerifiedByOthers() throws {
        let pem = try OpenSSL.key("RSA", "rsa_keygen_bits:2048")
        let older = try OpenSSL.traditional(pem)
        #expect(older.contains("BEGIN RSA PRIVATE KEY"))
        let text = Array("header.claims".utf8)
        for form in [pem, older] {
            let signature = try RSAPrivateKey(pem: form).signature(of: text)
            #expect(signature.count == 256)
            #expect(try OpenSSL.verifies(signature, of: text, key: pem))
        }
    }

    @Test func aKeyIsOf2048BitsOrMore() throws {
        #expect(throws: CryptographyFault.tooShort(bits: 2_040)) {
            try RSAPrivateKey(pem: OpenSSL.key("RSA", "rsa_keygen_bits:2040"))
        }
        let long = try RSAPrivateKey(pem: OpenSSL.key("RSA", "rsa_keygen_bits:3072"))
        #expect(try long.signature(of: []).count == 384)
    }

    @Test func whatIsNoneIsRefused() throws {
        let pem = try OpenSSL.key("RSA", "rsa_keygen_bits:2048")
        // Within the modulus.
        var lines = pem.split(separator: "\n").map(String.init)
        lines[4] = String(lines[4].reversed())
        let refused = [
            "", "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----", lines.joined(separator: "\n"),
            try OpenSSL.key("EC", "ec_paramgen_curve:P-256"), try OpenSSL.traditional(pem, encrypted: true),
            try OpenSSL.key("RSA-PSS", "rsa_keygen_bits:2048"),
        ]
        for text in refused { #expect(throws: CryptographyFault.notAKey) { try RSAPrivateKey(pem: text) } }
    }
}
