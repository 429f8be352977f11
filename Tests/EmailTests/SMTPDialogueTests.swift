import ChannelEmail
import PluginKit
import Testing

/// The dialogue stepped: what is put out after each reply, and what each letter comes to.
@Suite struct SMTPDialogueTests {
    private static let content = Array("Subject: x\r\n\r\n.dot\r\n".utf8)

    private func dialogue(pipelining: Bool) -> SMTPDialogue {
        var offers = SMTPOffers()
        offers.pipelining = pipelining
        return SMTPDialogue(offers)
    }

    private func envelope(_ id: Int, _ recipients: [String] = ["u@x"]) -> SMTPDialogue.Envelope {
        .init(id: id, sender: "s@x", recipients: recipients.map { .init(address: $0, profile: $0.uppercased()) })
    }

    /// What was put out since, as if it had all left.
    private func sent(_ dialogue: inout SMTPDialogue) -> String {
        defer { dialogue.sent(dialogue.output.count) }
        return String(decoding: dialogue.output, as: UTF8.self)
    }

    private func received(_ dialogue: inout SMTPDialogue, _ text: String) -> [SMTPDialogue.Event] {
        dialogue.received(Array(text.utf8)[...])
    }

    private func decided(_ id: Int, _ outcome: Outcome, dead: [String] = []) -> SMTPDialogue.Event {
        .ended(id, .decided(SMTPVerdict(outcome, dead: dead)))
    }

    @Test func withoutPipeliningEachCommandWaits() {
        var dialogue = dialogue(pipelining: false)
        dialogue.begin(envelope(1, ["u@x", "v@x"]))
        #expect(sent(&dialogue) == "MAIL FROM:<s@x>\r\n")
        #expect(received(&dialogue, "250 Ok\r\n") == [])
        #expect(sent(&dialogue) == "RCPT TO:<u@x>\r\n")
        #expect(received(&dialogue, "250-Ok\r\n") == [])
        #expect(sent(&dialogue) == "")
        #expect(received(&dialogue, "250 Ok\r\n") == [])
        #expect(sent(&dialogue) == "RCPT TO:<v@x>\r\n")
        #expect(received(&dialogue, "250 Ok\r\n") == [])
        #expect(sent(&dialogue) == "DATA\r\n")
        #expect(received(&dialogue, "354 Go\r\n") == [.wantsContent(1)])
        dialogue.content(Self.content, of: 1)
        #expect(!dialogue.takesLetter)
        #expect(sent(&dialogue) == "Subject: x\r\n\r\n..dot\r\n.\r\n")
        #expect(received(&dialogue, "250 queued\r\n") == [decided(1, .accepted(id: "250 queued"))])
        #expect(dialogue.takesLetter)
    }

    @Test func withPipeliningALetterIsOneWrite() {
        var dialogue = dialogue(pipelining: true)
        dialogue.begin(envelope(1))
        #expect(sent(&dialogue) == "MAIL FROM:<s@x>\r\nRCPT TO:<u@x>\r\nDATA\r\n")
        #expect(!dialogue.takesLetter)
        #expect(received(&dialogue, "250 Ok\r\n250 Ok\r\n354 Go\r\n") == [.wantsContent(1)])
        dialogue.content(Self.content, of: 1)
        #expect(dialogue.takesLetter)
        dialogue.begin(envelope(2))
        #expect(!dialogue.takesLetter)
        #expect(
            sent(&dialogue) == "Subject: x\r\n\r\n..dot\r\n.\r\nMAIL FROM:<s@x>\r\nRCPT TO:<u@x>\r\nDATA\r\n"
        )
        #expect(
            received(&dialogue, "250 one\r\n250 Ok\r\n250 Ok\r\n354 Go\r\n")
                == [decided(1, .accepted(id: "250 one")), .wantsContent(2)]
        )
        dialogue.content([], of: 2)
        #expect(sent(&dialogue) == ".\r\n")
        #expect(received(&dialogue, "250 two\r\n") == [decided(2, .accepted(id: "250 two"))])
    }

    /// Replies whole, and byte by byte: the same comes of them.
    @Test(arguments: [1, 2, 3, 1000])
    func thePiecesOfRepliesDoNotMatter(_ piece: Int) {
        var dialogue = dialogue(pipelining: true)
        dialogue.begin(envelope(1))
        _ = sent(&dialogue)
        let bytes = Array("250-a\r\n250 b\r\n250 c\r\n354 Go\r\n".utf8)
        var events: [SMTPDialogue.Event] = []
        for start in stride(from: 0, to: bytes.count, by: piece) {
            events += dialogue.received(bytes[start..<min(start + piece, bytes.count)])
        }
        #expect(events == [.wantsContent(1)])
    }

    /// RFC 2920, 3.1: a server may take DATA though it took no recipient; an empty content is of use to nobody.
    @Test func noContentGoesToNobody() {
        var dialogue = dialogue(pipelining: true)
        dialogue.begin(envelope(1))
        _ = sent(&dialogue)
        #expect(received(&dialogue, "250 Ok\r\n550 5.1.1 Nobody\r\n354 Go\r\n") == [])
        #expect(sent(&dialogue) == ".\r\n")
        #expect(
            received(&dialogue, "554 No recipients\r\n") == [decided(1, .addressDead("U@X", "550 5.1.1 Nobody"))]
        )
        dialogue.begin(envelope(2))
        #expect(sent(&dialogue).hasPrefix("RSET\r\nMAIL FROM"))
    }

    @Test func aRefusedTransactionIsReset() {
        var dialogue = dialogue(pipelining: true)
        dialogue.begin(envelope(1))
        _ = sent(&dialogue)
        #expect(
            received(&dialogue, "250 Ok\r\n450 4.2.1 Busy\r\n503 No recipients\r\n")
                == [decided(1, .tryAgain(after: 0, "450 4.2.1 Busy"))]
        )
        dialogue.begin(envelope(2))
        #expect(sent(&dialogue) == "RSET\r\nMAIL FROM:<s@x>\r\nRCPT TO:<u@x>\r\nDATA\r\n")
        #expect(received(&dialogue, "250 reset\r\n250 Ok\r\n250 Ok\r\n354 Go\r\n") == [.wantsContent(2)])
    }

    @Test func withoutPipeliningNothingFollowsARefusal() {
        var dialogue = dialogue(pipelining: false)
        dialogue.begin(envelope(1))
        _ = sent(&dialogue)
        #expect(received(&dialogue, "552 5.3.4 Too big\r\n") == [decided(1, .refused("552 5.3.4 Too big"))])
        #expect(sent(&dialogue) == "")
        dialogue.begin(envelope(2))
        // MAIL was refused: there is nothing to reset.
        #expect(sent(&dialogue) == "MAIL FROM:<s@x>\r\n")
        #expect(received(&dialogue, "250 Ok\r\n") == [])
        _ = sent(&dialogue)
        #expect(received(&dialogue, "554 No\r\n") == [decided(2, .refused("554 No"))])
        dialogue.begin(envelope(3))
        #expect(sent(&dialogue) == "RSET\r\n")
        #expect(received(&dialogue, "250 Ok\r\n") == [])
        #expect(sent(&dialogue) == "MAIL FROM:<s@x>\r\n")
    }

    @Test(
        arguments: [
            ("250 a\r\n550 5.1.1 b\r\n", "250 c\r\n", Outcome.accepted(id: "250 c"), ["V@X"]),
            ("450 4.2.1 a\r\n250 b\r\n", "250 c\r\n", .accepted(id: "250 c"), []),
            ("250 a\r\n550 5.1.1 b\r\n", "554 spam\r\n", .refused("554 spam"), ["V@X"]),
            ("550 5.1.1 a\r\n250 b\r\n", "452 full\r\n", .tryAgain(after: 0, "452 full"), ["U@X"]),
            ("550 5.1.1 a\r\n450 4.2.1 b\r\n", "", .tryAgain(after: 0, "450 4.2.1 b"), ["U@X"]),
            ("550 5.1.1 a\r\n550 5.1.1 b\r\n", "", .addressDead("U@X", "550 5.1.1 a"), ["V@X"]),
            ("550 5.2.2 a\r\n550 5.1.1 b\r\n", "", .addressDead("V@X", "550 5.1.1 b"), []),
            (
                "550 5.1.1 a\r\n550 5.7.1 b\r\n", "", .tryAgain(after: 0, "550 5.7.1 b", cause: .unavailable),
                ["U@X"]
            ),
            ("550 5.2.2 a\r\n554 b\r\n", "", .refused("550 5.2.2 a"), []),
        ]
    )
    func eachRecipientCounts(_ recipients: String, _ content: String, _ outcome: Outcome, _ dead: [String]) {
        var dialogue = dialogue(pipelining: true)
        dialogue.begin(envelope(1, ["u@x", "v@x"]))
        _ = sent(&dialogue)
        var events = received(&dialogue, "250 Ok\r\n" + recipients)
        if content.isEmpty {
            events += received(&dialogue, "554 no valid recipients\r\n")
        } else {
            #expect(received(&dialogue, "354 Go\r\n") == [.wantsContent(1)])
            dialogue.content(Self.content, of: 1)
            _ = sent(&dialogue)
            events += received(&dialogue, content)
        }
        #expect(events == [decided(1, outcome, dead: dead)])
    }

    @Test func aRefusalOfDATAIsTheLettersOwn() {
        var dialogue = dialogue(pipelining: true)
        dialogue.begin(envelope(1))
        _ = sent(&dialogue)
        #expect(
            received(&dialogue, "250 Ok\r\n250 Ok\r\n451 Later\r\n") == [decided(1, .tryAgain(after: 0, "451 Later"))]
        )
    }

    @Test func a421EndsTheConnection() {
        let closing = SMTPReply(code: 421, text: "Bye")
        for replies in ["", "250 Ok\r\n", "250 Ok\r\n250 Ok\r\n"] {
            var dialogue = dialogue(pipelining: true)
            dialogue.begin(envelope(1))
            _ = sent(&dialogue)
            #expect(received(&dialogue, replies + "421 Bye\r\n250 x\r\n") == [.ended(1, .lost(closing)), .closed])
            #expect(!dialogue.takesLetter)
            #expect(dialogue.broke() == [])
        }
    }

    @Test func a421ToTheContentIsItsAnswer() {
        var dialogue = twoUnderWay()
        #expect(
            received(&dialogue, "421 4.7.0 Too many\r\n")
                == [
                    decided(1, .tryAgain(after: 0, "421 4.7.0 Too many", cause: .throttled)),
                    .ended(2, .lost(SMTPReply(code: 421, text: "4.7.0 Too many"))),
                    .closed,
                ]
        )
    }

    private func twoUnderWay() -> SMTPDialogue {
        var dialogue = dialogue(pipelining: true)
        dialogue.begin(envelope(1))
        _ = sent(&dialogue)
        _ = received(&dialogue, "250 Ok\r\n250 Ok\r\n354 Go\r\n")
        dialogue.content(Self.content, of: 1)
        dialogue.begin(envelope(2))
        _ = sent(&dialogue)
        return dialogue
    }

    @Test func withoutAnAnswerToTheContentNobodyKnows() {
        var dialogue = twoUnderWay()
        #expect(dialogue.broke() == [.ended(1, .unknown), .ended(2, .lost(nil)), .closed])
        dialogue = twoUnderWay()
        // The server has answered the first, and not the second.
        #expect(received(&dialogue, "250 one\r\n250 Ok\r\n") == [decided(1, .accepted(id: "250 one"))])
        #expect(dialogue.broke() == [.ended(2, .lost(nil)), .closed])
    }

    /// A reply may go on otherwise than it begins: at the dot as at the address.
    @Test func halfAReplyRefusesNothingForGood() {
        for (half, ending) in [
            ("550-5.1.1 no such user\r\n", SMTPDialogue.Ending.lost(SMTPReply(code: 550, text: "5.1.1 no such user"))),
            ("550 5.1.1 no such", .lost(SMTPReply(code: 550, text: "5.1.1 no such"))),
            ("250-2.0.0 Ok\r\n", .decided(SMTPVerdict(.accepted(id: "250 2.0.0 Ok")))),
        ] {
            var dialogue = twoUnderWay()
            #expect(received(&dialogue, half).isEmpty)
            #expect(dialogue.broke() == [.ended(1, ending), .ended(2, .lost(nil)), .closed], "\(half)")
        }
    }

    /// As long as the dot has not left, the server cannot have the letter.
    @Test func aLetterThatDidNotLeaveIsLost() {
        for kept in 0...6 {
            var dialogue = dialogue(pipelining: true)
            dialogue.begin(envelope(1))
            _ = sent(&dialogue)
            _ = received(&dialogue, "250 Ok\r\n250 Ok\r\n354 Go\r\n")
            dialogue.content(Self.content, of: 1)
            dialogue.sent(dialogue.output.count - kept)
            #expect(dialogue.broke() == [.ended(1, kept == 0 ? .unknown : .lost(nil)), .closed])
        }
    }

    @Test func whatWasDecidedStaysSo() {
        var dialogue = dialogue(pipelining: true)
        dialogue.begin(envelope(1))
        _ = sent(&dialogue)
        #expect(received(&dialogue, "250 Ok\r\n550 5.1.1 Nobody\r\n") == [])
        #expect(dialogue.broke() == [decided(1, .addressDead("U@X", "550 5.1.1 Nobody")), .closed])
    }

    @Test(arguments: [
        "hello\r\n", "250 Ok\r\n250 Ok\r\n250 Ok\r\n", "250 Ok\r\n250 Ok\r\n354 Go\r\n250 more\r\n", "354 Go\r\n",
    ])
    func aServerOutOfStepIsLeft(_ replies: String) {
        var dialogue = dialogue(pipelining: true)
        dialogue.begin(envelope(1))
        _ = sent(&dialogue)
        let events = received(&dialogue, replies)
        #expect(events.suffix(2) == [.ended(1, .lost(nil)), .closed])
        // Its 354 came before: that the content comes too late is no fault.
        dialogue.content(Self.content, of: 1)
        #expect(dialogue.output.isEmpty)
    }
}
