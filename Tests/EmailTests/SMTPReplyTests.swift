import CCurl
import ChannelEmail
import PluginKit
import Testing

/// What a server's reply means, by where it was said.
@Suite struct SMTPReplyTests {
    enum Meaning { case later, repair, refused, dead }

    @Test(
        arguments: [
            // A server that is closing or overloaded.
            (CCURL_CONNECTING, "421 4.3.2 Closing", Meaning.later), (CCURL_CONNECTING, "554 5.7.1 Blocked", .repair),
            (CCURL_SENDER, "451 Greylisted", .later), (CCURL_SENDER, "530 5.7.0 Must issue STARTTLS", .repair),
            (CCURL_SENDER, "550 5.1.8 Bad sender", .refused), (CCURL_SENDER, "552 5.3.4 Too big", .refused),
            (CCURL_RECIPIENT, "450 4.2.1 Busy", .later), (CCURL_RECIPIENT, "550 5.1.1 User unknown", .dead),
            (CCURL_RECIPIENT, "550-5.1.1 The account does not exist.\r\n550 5.1.1 Look for typos", .dead),
            (CCURL_RECIPIENT, "550 5.2.1 Disabled", .dead), (CCURL_RECIPIENT, "556 5.1.10 Null MX", .dead),
            (CCURL_RECIPIENT, "552 5.2.2 Mailbox full", .refused),
            (CCURL_RECIPIENT, "550 5.7.1 Relaying denied", .refused),
            (CCURL_RECIPIENT, "550 Unknown user", .dead), (CCURL_RECIPIENT, "551 Not local", .dead),
            (CCURL_RECIPIENT, "553 sorry, that domain is not in my list (#5.7.1)", .refused),
            (CCURL_RECIPIENT, "554 Refused", .refused), (CCURL_RECIPIENT, "550 no mailbox, says 10.5.1.1", .dead),
            // What a server says of the content says nothing about the address.
            (CCURL_CONTENT, "550 5.1.1 User unknown", .refused), (CCURL_CONTENT, "550 Spam", .refused),
            (CCURL_CONTENT, "452 Full", .later),
        ]
    )
    func aReplyHasOneMeaning(_ stage: ccurl_stage, _ text: String, _ meaning: Meaning) throws {
        let code = try #require(Int(text.prefix(3)))
        let reply = SMTPReply(fault: CCURL_REPLY, stage: stage, code: code, text: text + "\r\n")
        let outcome = reply.outcome(recipients: ["u@example.com"])
        let found: Meaning? =
            switch outcome {
            case .accepted: nil
            case .tryAgain(30_000, _, _): .later
            case .tryAgain(60_000, _, _): .repair
            case .tryAgain, .unknown: nil
            case .refused: .refused
            case .addressDead: .dead
            }
        #expect(found == meaning, "\(outcome)")
    }

    @Test func aReasonIsOneShortLine() {
        let text = "550-5.7.1 first\u{7}\r\n550 5.7.1 " + String(repeating: "x", count: 900) + "\r\n"
        let reply = SMTPReply(fault: CCURL_REPLY, stage: CCURL_CONTENT, code: 550, text: text)
        let reason = reply.outcome(recipients: []).reason
        #expect(reason.hasPrefix("550 5.7.1 first 5.7.1 xxx"))
        #expect(reason.count == 300)
    }
}
