import Cryptography
import Encodings
import HTTPClient
import PluginKit
import Push
import Testing

@Suite struct EncryptionTests {
    /// RFC 8291, appendix A.
    @Test func theVectorOfRFC8291() throws {
        func bytes(_ text: String) throws -> [UInt8] { try #require(Base64.decoded(text)) }
        let subscription = try WebPushSubscription(
            """
            {"endpoint":"https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV","keys":{"auth":\
            "BTBZMqHH6r4Tts7J_aSIgg","p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8p\
            ZGH6SRpkNtoIAiw4"}}
            """
        )
        let ephemeral = try P256PrivateKey(
            bytes: bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")
        )
        let sealed = try WebPushEncryption.seal(
            bytes("V2hlbiBJIGdyb3cgdXAsIEkgd2FudCB0byBiZSBhIHdhdGVybWVsb24"),
            to: subscription,
            ephemeral: ephemeral,
            salt: bytes("DGv6ra1nlYgDCS1FRnbzlw")
        )
        #expect(
            Base64.encodedForURL(sealed)
                == "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEq"
                + "KK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        )
    }

    @Test(arguments: [
        "nonsense", "{}", #"{"endpoint":"http://push.example.net/1"}"#,
        #"{"endpoint":"https://push.example.net/1","keys":{"p256dh":"AAAA","auth":"BTBZMqHH6r4Tts7J_aSIgg"}}"#,
        #"{"endpoint":"https://u:p@push.example.net/1","keys":{}}"#,
    ])
    func aSubscriptionThatIsNoneIsDead(_ token: String) async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        let delivery = await channel.deliver("webpush:\(token)")
        #expect(delivery.deadTokens == ["webpush:\(token)"])
        channel.stop()
        #expect(try server.stop().isEmpty)
    }

    @Test func aProviderTokenIsRenewedWithinItsHourAndNotTooOften() throws {
        var token = ProviderToken { "made at \($0)" }
        #expect(try token.current(nowSeconds: 1_000) == "made at 1000")
        #expect(try token.current(nowSeconds: 1_000 + ProviderToken.longestSeconds - 1) == "made at 1000")
        let second = 1_000 + ProviderToken.longestSeconds
        #expect(try token.current(nowSeconds: second) == "made at \(second)")
        #expect(ProviderToken.longestSeconds < 3_600)
        // Called expired at once: a clock is wrong, and one new token is made.
        #expect(try token.replacement(for: "made at \(second)", nowSeconds: second + 1) == "made at \(second + 1)")
        #expect(try token.replacement(for: "made at \(second)", nowSeconds: second + 2) == "made at \(second + 1)")
        #expect(try token.replacement(for: "made at \(second + 1)", nowSeconds: second + 3) == nil)
        let later = second + 1 + ProviderToken.leastSeconds
        #expect(try token.replacement(for: "made at \(second + 1)", nowSeconds: later) == "made at \(later)")
        // Set back: it is in the future, and made anew.
        #expect(try token.current(nowSeconds: 500) == "made at 500")
    }
}
