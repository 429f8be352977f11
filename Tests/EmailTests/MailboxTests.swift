import ChannelEmail
import Testing

@Suite struct MailboxTests {
    @Test(
        arguments: [
            "u@example.com", "first.last+tag@sub.example.com", "u@localhost", "u@[127.0.0.1]", "u@[IPv6:::1]",
            "o'brien@example.com",
            "u@xn--mller-kva.example", String(repeating: "a", count: 64) + "@example.com",
        ]
    )
    func anAddressIsTaken(_ address: String) throws {
        let mailbox = try Mailbox(address: address)
        #expect(mailbox.address == address)
    }

    /// Each domain in its IDNA 2008 form, which keeps ß; a local part beyond ASCII keeps the whole address as it is.
    @Test(
        arguments: [
            ("u@bücher.example", "u@xn--bcher-kva.example", "xn--bcher-kva.example", false),
            ("u@straße.example", "u@xn--strae-oqa.example", "xn--strae-oqa.example", false),
            ("u@почта.рф", "u@xn--80a1acny.xn--p1ai", "xn--80a1acny.xn--p1ai", false),
            ("u@BÜCHER.example", "u@xn--bcher-kva.example", "xn--bcher-kva.example", false),
            ("jürgen@example.com", "jürgen@example.com", "example.com", true),
            ("用户@例子.example", "用户@例子.example", "xn--fsqu00a.example", true),
        ]
    )
    func anInternationalAddressIsTaken(_ given: String, _ address: String, _ domain: String, _ utf8: Bool) throws {
        let mailbox = try Mailbox(address: given)
        #expect(mailbox.address == address)
        #expect(mailbox.profile == given)
        #expect(mailbox.domain == domain)
        #expect(mailbox.needsUTF8 == utf8)
    }

    /// What a person would take for the same address; the profile's own text is kept, to find it there.
    @Test(
        arguments: [
            (" u@example.com", "u@example.com"), ("u@example.com\r\n", "u@example.com"),
            ("\u{A0}u@example.com\t", "u@example.com"), ("a..b@docomo.ne.jp", "\"a..b\"@docomo.ne.jp"),
            ("a.@docomo.ne.jp", "\"a.\"@docomo.ne.jp"), ("\"a b\"@example.com", "\"a b\"@example.com"),
            ("\"a@b\"@example.com", "\"a@b\"@example.com"), ("\"a\\\"b\"@example.com", "\"a\\\"b\"@example.com"),
        ]
    )
    func anAddressIsWrittenAsItIsMeant(_ given: String, _ written: String) throws {
        let mailbox = try Mailbox(address: given)
        #expect(mailbox.address == written)
        #expect(mailbox.profile == given)
        #expect(try Mailbox(parsing: "Ann <\(given)>").address == written)
    }

    @Test(
        arguments: [
            ("", AddressFault.empty), ("u", .malformed), ("@example.com", .malformed), ("u@", .malformed),
            ("u@@example.com", .malformed),
            ("u@example..com", .malformed), ("u@-example.com", .malformed), ("a b@example.com", .malformed),
            ("u,v@example.com", .malformed),
            ("u@example.com>", .malformed), ("<u@example.com", .malformed), (".u@example.com", .malformed),
            ("u@example.com\r\nRCPT TO:<evil@example.com>", .controlCharacter),
            ("u\n@example.com", .controlCharacter), ("..@example.com\n>", .controlCharacter),
            ("\"u\"v\"@example.com", .malformed), ("\"\"@example.com", .malformed), ("\"u\\\"@example.com", .malformed),
            ("\"u@example.com", .malformed), ("\"u\r\n\"@example.com", .controlCharacter),
            ("u\0@example.com", .controlCharacter), ("u\u{A0}v@example.com", .malformed),
            ("u\u{202E}v@example.com", .malformed), ("u@mü ller.example", .noDomain),
            ("u@-ü.example", .noDomain), ("u@ü@example.com", .malformed), ("ü\r\n@example.com", .controlCharacter),
            ("u@\u{2028}ü.example", .controlCharacter),
            (String(repeating: "ü", count: 33) + "@example.com", .malformed),
            (String(repeating: "a", count: 65) + "@example.com", .malformed),
        ]
    )
    func whatIsNoAddressIsRefused(_ address: String, _ fault: AddressFault) {
        #expect(throws: fault) { try Mailbox(address: address) }
    }

    @Test(
        arguments: [
            ("Shop\r\nBcc: evil@example.com <a@example.com>", AddressFault.controlCharacter),
            ("A <a@example.com> B <b@example.com>", .malformed),
            ("a@example.com, b@example.com", .malformed), ("Shop <>", .empty),
            ("Shop <a@exam\r\nple.com>", .controlCharacter),
        ]
    )
    func whatIsNotOneMailboxIsRefused(_ text: String, _ fault: AddressFault) {
        #expect(throws: fault) { try Mailbox(parsing: text) }
    }

    @Test func anUnsubscribeLinkIsALinkAndNothingElse() {
        for good in [
            "https://example.com/u?id=1&x=%20", "mailto:bye@example.com?subject=bye", " https://localhost/u\n",
        ] {
            #expect(UnsubscribeLink(good) != nil, "\(good)")
        }
        for bad in [
            "", "https://", "javascript:x", "https://example.com/a b", "https://example.com/>\r\nBcc: x",
            "https://example.com/é",
            "https://example.com/" + String(repeating: "x", count: 900),
        ] {
            #expect(UnsubscribeLink(bad) == nil, "\(bad)")
        }
    }
}

@Suite struct StableNameTests {
    @Test func otherKeysHaveOtherNames() {
        let long = String(repeating: "k", count: 500)
        let keys = [
            "a/b", "a=2Fb", "A/b", "a.b", "a b", "", "==", "é", "e\u{301}", long, long + "k", long + "/",
            "k" + long + "x",
        ]
        let names = keys.map { StableName(key: $0).text }
        #expect(Set(names).count == keys.count)
        for name in names {
            #expect(name.utf8.count <= 120 && !name.isEmpty)
            #expect(
                name.utf8.allSatisfy {
                    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-=".utf8.contains($0)
                }
            )
        }
    }

    @Test func theSameKeyHasTheSameNameInEveryProcess() {
        #expect(StableName(key: "cart/3/u-1/7f/email").text == "cart=2F3=2Fu-1=2F7f=2Femail")
        // The first half of what sha256sum says of "foobar".
        #expect(StableName(key: "foobar").digest == "C3AB8FF13720E8AD9047DD39466B3C89")
    }
}
