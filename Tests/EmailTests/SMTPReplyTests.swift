import ChannelEmail
import PluginKit
import Testing

/// What a server's reply means.
@Suite struct SMTPReplyTests {
    private func reply(_ text: String) throws -> SMTPReply {
        SMTPReply(code: try #require(Int(text.prefix(3))), text: String(text.dropFirst(4)))
    }

    @Test(
        arguments: [
            ("451 4.7.1 Greylisted, come back", Outcome.Cause.message), ("450 4.2.0 Greylisting in action", .message),
            ("451 Try later", .message), ("452 4.3.1 Insufficient system storage", .message),
            ("452 4.2.2 Mailbox over its limit", .message), ("454 4.7.0 TLS not available", .message),
            ("421 4.7.0 Try again later", .throttled), ("450 4.7.28 Unusual rate of mail", .throttled),
            ("421 4.3.2 System not accepting messages", .throttled), ("452 4.5.3 Too many recipients", .throttled),
            ("421 Too many messages on this connection", .throttled), ("451 Rate limit reached", .throttled),
            ("450 slow down", .throttled), ("421 Service closing", .message), ("451 corporate policy", .message),
        ]
    )
    func a4xxHasACause(_ text: String, _ cause: Outcome.Cause) throws {
        #expect(try reply(text).outcome == .tryAgain(after: 0, text, cause: cause))
    }

    @Test(arguments: ["530 5.7.0 Must issue STARTTLS", "530 Log in", "535 5.7.8 No", "538 5.7.11 Encrypt first"])
    func aMissingLoginStopsTheChannel(_ text: String) throws {
        #expect(try reply(text).outcome == .tryAgain(after: 0, text, cause: .unavailable))
    }

    @Test(
        arguments: [
            ("550 5.1.1 User unknown", true), ("550 5.2.1 Disabled", true), ("556 5.1.10 Null MX", true),
            ("550 5.1.1 The account does not exist. 5.1.1 Look for typos", true), ("550 Unknown user", true),
            ("551 Not local", true), ("550 no mailbox, says 10.5.1.1", true), ("552 5.2.2 Mailbox full", false),
            ("550 5.7.1 Relaying denied", false), ("554 Refused", false), ("450 5.1.1 Later", false),
            ("553 sorry, that domain is not in my list (#5.7.1)", false),
        ]
    )
    func anAddressMayBeDead(_ text: String, _ isDead: Bool) throws {
        #expect(try reply(text).saysNobodyIsThere == isDead)
        if text.hasPrefix("5") { #expect(try reply(text).outcome == .refused(text)) }
    }

    @Test func aReasonIsOneShortLine() throws {
        let reason = try reply("550 5.7.1 first\u{7}\u{1B}[2J" + String(repeating: "x", count: 900)).outcome.reason
        #expect(reason.hasPrefix("550 5.7.1 first  [2Jxxx"))
        #expect(reason.count == 300)
    }
}

@Suite struct SMTPReplyParserTests {
    private static let conversation =
        "220 hello\r\n250-first\r\n250-second\r\n250 third\r\n354\r\n550 5.1.1 No \u{E9}\u{7}\r\n250 bare line end\n"
    private static let replies = [
        SMTPReply(code: 220, text: "hello"), SMTPReply(code: 250, text: "first second third"),
        SMTPReply(code: 354, text: ""), SMTPReply(code: 550, text: "5.1.1 No \u{E9}\u{7}"),
        SMTPReply(code: 250, text: "bare line end"),
    ]

    private func parse(_ pieces: [[UInt8]]) throws -> [SMTPReply] {
        var parser = SMTPReplyParser()
        var found: [SMTPReply] = []
        for piece in pieces {
            var rest = piece[...]
            while let reply = try parser.next(&rest) { found.append(reply) }
            #expect(rest.isEmpty)
        }
        return found
    }

    @Test func repliesComeInWhateverPieces() throws {
        let bytes = Array(Self.conversation.utf8)
        #expect(try parse([bytes]) == Self.replies)
        #expect(try parse(bytes.map { [$0] }) == Self.replies)
        for cut in bytes.indices { #expect(try parse([Array(bytes[..<cut]), Array(bytes[cut...])]) == Self.replies) }
    }

    @Test(arguments: [
        "hello\r\n", "25\r\n", "650 x\r\n", "199 x\r\n", "250x\r\n", "2a0 x\r\n", "\r\n", "250-a\r\nb\r\n",
    ])
    func whatIsNoReplyIsAFault(_ text: String) {
        #expect(throws: SMTPReplyParser.Fault.notAReply) { try parse([Array(text.utf8)]) }
    }

    @Test func aReplyHasALimit() throws {
        let longest = SMTPReplyParser.longestReply
        func line(_ length: Int) -> [UInt8] {
            Array("250 ".utf8) + Array(repeating: 0x78, count: length - 6) + [0x0D, 0x0A]
        }
        #expect(try parse([line(longest - 1)]).count == 1)
        #expect(try parse([line(longest)]).count == 1)
        #expect(throws: SMTPReplyParser.Fault.tooLong) { try parse([line(longest + 2)]) }
        let more = Array("250-more\r\n".utf8)
        #expect(throws: SMTPReplyParser.Fault.tooLong) { try parse(Array(repeating: more, count: longest)) }
        #expect(throws: SMTPReplyParser.Fault.tooLong) { try parse(Array(repeating: [0x32], count: longest + 1)) }
        // Many replies have none together.
        #expect(try parse(Array(repeating: line(100), count: longest)).count == longest)
    }

    @Test func aSecretIsNotGivenBack() throws {
        var parser = SMTPReplyParser(hiding: ["hunter2", "AGFiYwBodW50ZXIy"])
        var bytes = Array("535 hunter2 and AGFiYwBodW50ZXIy are wrong\r\n".utf8)[...]
        #expect(try parser.next(&bytes) == SMTPReply(code: 535, text: "[secret] and [secret] are wrong"))
    }

    @Test func whatAServerOffersIsRead() {
        let greeting =
            "250-mail.example.com PIPELINING\r\n250-SIZE 1000\r\n250-8bitmime\r\n250-AUTH PLAIN\r\n250 SMTPUTF8\r\n"
        var all = SMTPOffers()
        (all.size, all.eightBits, all.login, all.utf8) = (1000, true, true, true)
        #expect(SMTPOffers(greeting: greeting) == all)
        #expect(SMTPOffers(greeting: "250-host\r\n250-PIPELINING\r\n250 SIZE\r\n").size == 0)
        #expect(SMTPOffers(greeting: "250-host\r\n250 PIPELINING\r\n").pipelining)
        #expect(SMTPOffers(greeting: "250 host\r\n") == SMTPOffers())
        #expect(SMTPOffers(greeting: "") == SMTPOffers())
    }
}
