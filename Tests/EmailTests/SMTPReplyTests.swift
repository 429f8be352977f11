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
            ("452 4.2.2 Mailbox over its limit", .message), ("452 Mailbox quota exceeded", .message),
            ("421 4.7.0 Try again later", .throttled), ("450 4.7.28 Unusual rate of mail", .throttled),
            ("421 4.3.2 System not accepting messages", .throttled), ("452 4.5.3 Too many recipients", .throttled),
            ("421 Too many messages on this connection", .throttled), ("451 Rate limit reached", .throttled),
            ("450 slow down", .throttled), ("421 Service closing", .message), ("451 corporate policy", .message),
            ("454 Throttling failure: Maximum sending rate exceeded.", .throttled),
            ("454 Throttling failure: Daily message quota exceeded.", .throttled),
            ("454 4.7.0 Too many login attempts, please try again later", .throttled),
            ("432 4.3.2 Concurrent connections limit exceeded", .throttled),
            ("432 4.3.2 STOREDRV; mailbox server is too busy", .throttled),
            ("432 4.7.12 A password transition is needed", .unavailable),
            ("454 4.7.0 Temporary authentication failure", .unavailable),
            ("454 4.7.1 <u@example.com>: Relay access denied", .unavailable),
            ("450 4.7.1 <box>: Helo command rejected: Host not found", .unavailable),
            ("450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.1]", .unavailable),
            ("450 4.1.8 <shop@example.invalid>: Sender address rejected: Domain not found", .unavailable),
            ("450 4.2.1 The user is receiving mail at a rate that is too high", .message),
        ]
    )
    func a4xxHasACause(_ text: String, _ cause: Outcome.Cause) throws {
        #expect(try reply(text).outcome(at: .recipient) == .tryAgain(after: 0, text, cause: cause))
    }

    @Test(arguments: [
        "530 5.7.0 Must issue STARTTLS", "530 Log in", "535 5.7.8 No", "538 5.7.11 Encrypt first",
        "534 5.7.9 Too weak", "521 This host takes no mail", "530 5.5.1 Authentication Required",
    ])
    func aMissingLoginStopsTheChannel(_ text: String) throws {
        for stage in [SMTPStage.sender, .recipient, .content] {
            #expect(try reply(text).outcome(at: stage) == .tryAgain(after: 0, text, cause: .unavailable))
        }
    }

    /// The enhanced status says it.
    @Test(
        arguments: [
            ("550 5.1.1 User unknown", SMTPConcern.address), ("550 5.2.1 Disabled", .address),
            ("556 5.1.10 Null MX", .address), ("550 5.1.2 Bad destination system", .address),
            ("550 5.1.1 The account does not exist. 5.1.1 Look for typos", .address),
            ("550 5.1.1 <relay@example.com>: User blocked by policy", .address), ("550 5.1.6 Moved", .address),
            ("550-5.1.1 No such user; see https://mail.example.com/?p=blocked", .address),
            ("550 5.1.8 Sender domain not found", .channel), ("553 5.1.7 Bad sender", .channel),
            ("552 5.2.2 Mailbox full", .message), ("552 5.2.3 Too long", .message), ("552 5.3.4 Too big", .message),
            ("550 5.2.1 The user is receiving mail at a rate that prevents delivery", .message),
            ("550 5.1.4 Ambiguous", .message), ("550 5.4.1 Recipient address rejected: Access denied", .message),
            ("550 5.4.5 Daily user sending quota exceeded", .channel), ("554 5.3.2 Takes no mail now", .channel),
            ("550 5.7.1 Relaying denied", .channel), ("550 5.7.1 No such user", .channel),
            ("550 5.7.26 Unauthenticated mail is not accepted", .channel), ("550 5.7.23 SPF failed", .channel),
            ("550 5.7.1 Too many messages", .pace), ("550 5.7.28 A flood", .pace), ("550 5.7.2 No such list", .message),
            ("553 sorry, that domain is not in my list (#5.7.1)", .channel), ("554 5.6.0 Not this", .message),
            ("504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", .channel),
            ("550 5.5.0 Requested action not taken: mailbox unavailable", .address), ("554 5.5.1 No", .message),
            ("550 5.1.0 Address rejected", .message), ("550 5.0.0 <u@example.com>... User unknown", .address),
        ]
    )
    func anEnhancedStatusDecides(_ text: String, _ concern: SMTPConcern) throws {
        #expect(try reply(text).concern(at: .recipient) == concern)
    }

    /// Without one the words say it, and an address is lost only where they speak of a mailbox.
    @Test(
        arguments: [
            ("550 Unknown user", SMTPConcern.address), ("550 no mailbox, says 10.5.1.1", .address),
            ("550 No such user here", .address), ("550 Requested action not taken: mailbox unavailable", .address),
            ("550 <u@example.com>: Recipient address rejected: User unknown in local recipient table", .address),
            ("550 <u@example.com>: Recipient address rejected: User unknown in relay recipient table", .address),
            ("554 Message rejected: Email address is not verified: u@example.com", .channel),
            ("550 Invalid recipient", .address), ("550 Mailbox not found", .address),
            ("550 NoSuchUser: user", .address),
            ("550 u@example.com... User not listed in public Name & Address Book", .address),
            ("554 delivery error: dd This user doesn't have an example.com account", .address),
            ("553 That mailbox does not exist", .address), ("550 account <policy@example.com> is disabled", .address),
            ("556 Domain does not accept mail", .address), ("550 Recipient rejected as unknown", .address),
            ("550 relay not permitted", .channel), ("550 Relaying denied for user", .channel),
            ("550 blocked", .channel), ("550 Your IP is blocked", .channel), ("550 SPF check failed", .channel),
            ("550 Message rejected due to SPF policy", .channel), ("550 Your host is listed in a DNSBL", .channel),
            ("550 Quota exceeded", .channel), ("550 Daily sending quota exceeded for user", .channel),
            ("550 rejected by policy", .channel), ("550 authentication required", .channel),
            ("550 Sender verify failed: no such user", .channel), ("553 sender address unknown", .channel),
            ("550 Access denied", .channel), ("550 Administrative prohibition", .channel), ("554 spam", .channel),
            ("550 Your account has been suspended", .channel), ("550 invalid HELO", .channel),
            ("550 We do not accept mail from unknown client addresses", .channel), ("550 Too many messages", .pace),
            ("551 Not local", .channel), ("554 Refused", .message), ("550 No", .message),
            ("550 Host unknown", .message),
            ("550 Recipient rejected", .message), ("552 Quota exceeded", .message), ("550 User over quota", .message),
            ("550 mailbox full", .message), ("550 mailbox temporarily unavailable", .message),
            ("554 Message size exceeds limit", .message),
        ]
    )
    func withoutAStatusTheWordsDecide(_ text: String, _ concern: SMTPConcern) throws {
        #expect(try reply(text).concern(at: .recipient) == concern)
    }

    @Test(
        arguments: [
            ("550 5.7.1 Message content rejected", SMTPConcern.message), ("554 5.7.1 Spam", .message),
            ("554 5.7.1 Blocked by Spamhaus for spam", .channel), ("550 5.7.1 DKIM failed", .channel),
            ("550 5.1.1 No such user", .address), ("550 No such user", .message), ("554 virus found", .message),
            ("554 policy", .channel),
        ]
    )
    func ofTheContentLessIsKnown(_ text: String, _ concern: SMTPConcern) throws {
        #expect(try reply(text).concern(at: .content) == concern)
    }

    @Test(
        arguments: [
            ("553 5.7.1 Not your address", SMTPConcern.channel), ("550 No such user", .channel),
            ("552 5.3.4 Too big", .message), ("553 5.6.7 No SMTPUTF8", .message), ("554 too many connections", .pace),
        ]
    )
    func aRefusedSenderConcernsTheChannel(_ text: String, _ concern: SMTPConcern) throws {
        #expect(try reply(text).concern(at: .sender) == concern)
    }

    @Test func aReasonIsOneShortLine() throws {
        let reason = try reply("550 5.7.1 first\u{7}\u{1B}[2J" + String(repeating: "x", count: 900)).line
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

    @Test func whatWasBegunCountsWhenTheServerHangsUp() throws {
        for (text, said) in [
            ("421 4.7.0 Go aw", SMTPReply(code: 421, text: "4.7.0 Go aw")),
            ("550-5.7.1 One\r\n", SMTPReply(code: 550, text: "5.7.1 One")),
            ("550-5.7.1 One\r\n550-5.7.1 tw", SMTPReply(code: 550, text: "5.7.1 One 5.7.1 tw")),
            ("550-5.7.1 One\r\n55", SMTPReply(code: 550, text: "5.7.1 One")), ("55", nil), ("", nil),
        ] {
            var parser = SMTPReplyParser()
            var bytes = Array(text.utf8)[...]
            #expect(try parser.next(&bytes) == nil)
            #expect(parser.unfinished() == said, "\(text)")
        }
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
        (all.size, all.eightBits, all.logins, all.utf8) = (1000, true, ["PLAIN"], true)
        #expect(SMTPOffers(greeting: greeting) == all)
        #expect(SMTPOffers(greeting: "250-host\r\n250-PIPELINING\r\n250 SIZE\r\n").size == 0)
        #expect(SMTPOffers(greeting: "250-host\r\n250 PIPELINING\r\n").pipelining)
        #expect(SMTPOffers(greeting: "250 host\r\n") == SMTPOffers())
        #expect(SMTPOffers(greeting: "") == SMTPOffers())
        // RFC 5321, 2.4: small letters too; and as old servers write it.
        for offer in ["AUTH PLAIN LOGIN", "auth plain login", "AUTH=PLAIN LOGIN", "AUTH=PLAIN\r\n250-AUTH LOGIN"] {
            #expect(SMTPOffers(greeting: "250-host\r\n250-\(offer)\r\n250 HELP\r\n").logins == ["PLAIN", "LOGIN"])
        }
        #expect(SMTPOffers(greeting: "250-host\r\n250 AUTH\r\n").logins == [])
    }
}
