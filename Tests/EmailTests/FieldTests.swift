import ChannelEmail
import Foundation
import PluginKit
import Testing

/// What a message says beside its text: who gets it unseen, headers of its own, where bounces go.
@Suite struct FieldTests {
    private let sendable: [(String, Value)] = [("subject", .string("Hi")), ("body", .string("Hello"))]

    private func letter(
        _ fields: [(String, Value)],
        settings: [(String, String)] = [],
        to: [String] = ["u@example.com"],
        key: String = "cart/3/u-1/7f/email"
    ) throws -> Letter {
        let settings = [("data_folder", "/d"), ("from", "shop@example.com")] + settings
        let message = Message(
            key: key,
            campaign: "cart",
            user: "u-1",
            addresses: to,
            fields: fields.map { Value.Member($0.0, $0.1) },
            deadline: .max
        )
        return try Letter(message, EmailSettings(.object(settings.map { Value.Member($0.0, .string($0.1)) })))
    }

    private func headers(_ members: (String, Value)...) -> (String, Value) {
        ("headers", .object(members.map { Value.Member($0.0, $0.1) }))
    }

    private func carry(_ letter: Letter, _ server: MailServer) throws -> Outcome {
        let there = SMTPServer(url: "smtp://localhost:\(server.port)")
        let connection = try #require(SMTPConnection(there, timeoutMs: 20_000))
        let outcomes = Collected<Outcome>()
        connection.carry(Delivery(letter, deadlineMs: .max) { outcome, _ in outcomes.append(outcome) }) { nil }
        return try #require(outcomes.all.first)
    }

    @Test func bouncesGoToAnAddressOfTheMessage() throws {
        let server = try MailServer()
        let name = StableName(key: "cart/3/u-1/7f/email")
        for (setting, sender) in [
            ("bounce@example.net", "bounce+\(name.text)@example.net"),
            ("b-{key}-x@example.net", "b-\(name.text)-x@example.net"),
        ] {
            let letter = try letter(sendable, settings: [("bounces_to", setting)])
            #expect(try carry(letter, server).isAccepted)
            let taken = try server.next()
            #expect(taken.sender == sender)
            let parsed = try Python.parse([UInt8](try #require(taken.bytes)))
            #expect(parsed.from == [["", "shop@example.com"]])
        }
        // A key that has no room there is its digest.
        let long = String(repeating: "k", count: 100)
        let letter = try letter(sendable, settings: [("bounces_to", "bounce@example.net")], key: long)
        #expect(letter.bouncesTo == "bounce+\(StableName(key: long).digest)@example.net")
    }

    @Test func copiesAreGivenOutAndNotShown() throws {
        let server = try MailServer()
        let copies = (
            "bcc", Value.array([.string("archive@example.org"), .string("Ann <a@example.org>"), .string("")])
        )
        #expect(try carry(try letter(sendable + [copies]), server).isAccepted)
        let taken = try server.next()
        #expect(taken.recipients == ["u@example.com", "archive@example.org", "a@example.org"])
        #expect(String(decoding: try #require(taken.bytes), as: UTF8.self).contains("example.org") == false)
    }

    /// A copy decides nothing, and nobody gets one where the user gets no letter.
    @Test(arguments: [[], ["PIPELINING"]])
    func aCopyDecidesNothing(_ offers: [String]) throws {
        let copy = ("bcc", Value.array([.string("c@example.org")]))
        let good = try MailServer(script: ["offers": offers, "replies": ["rcpt": ["250 Ok", "550 5.1.1 Nobody"]]])
        let outcome = try carry(try letter(sendable + [copy]), good)
        #expect(outcome == .accepted(id: "250 2.0.0 Ok: queued; bcc c@example.org: 550 5.1.1 Nobody"))
        let bad = try MailServer(script: ["offers": offers, "replies": ["rcpt": ["550 5.1.1 Nobody", "250 Ok"]]])
        #expect(
            try carry(try letter(sendable + [copy]), bad) == .addressDead("u@example.com", "550 5.1.1 Nobody")
        )
        #expect(try bad.stop().allSatisfy { $0.bytes == nil })
    }

    @Test func aCampaignsHeadersStandInTheLetter() throws {
        let long = String(repeating: "word ", count: 150) + "end"
        let letter = try letter(
            sendable + [
                headers(
                    ("X-Entity-Ref-ID", .string("order 7")),
                    ("Auto-Submitted", .string("auto-generated")),
                    ("X-Number", .integer(7)),
                    ("X-Long", .string(long)),
                    ("X-None", .null),
                    ("X-Empty", .string(" ")),
                    ("X-Word", .string("Grüße")),
                    ("X-Break", .string("a\r\nBcc: evil@example.com")),
                    ("X-One", .string(String(repeating: "w", count: 900)))
                )
            ]
        )
        let parsed = try Python.parse(letter.bytes(dateMs: 0))
        #expect(parsed.isWellFormed, "\(parsed.defects)")
        for (name, text) in [
            ("X-Entity-Ref-ID", "order 7"), ("Auto-Submitted", "auto-generated"), ("X-Number", "7"), ("X-Long", long),
            ("X-Word", "Grüße"), ("X-Break", "a Bcc: evil@example.com"), ("X-One", String(repeating: "w", count: 900)),
        ] {
            #expect(parsed.headers[name] == text)
        }
        for name in ["X-None", "X-Empty", "Bcc"] { #expect(!parsed.names.contains(name)) }
    }

    private func fault(_ field: (String, Value)) -> String? {
        do {
            try EmailChannel.check(.object((sendable + [field]).map { Value.Member($0.0, $0.1) }))
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test(
        arguments: [
            "From", "to", "BCC", "Subject", "Message-ID", "List-Unsubscribe", "Content-Type", "Received",
            "DKIM-Signature", "Resent-To", "X Y", "X:", "", "Ü", String(repeating: "x", count: 77),
        ]
    )
    func aHeaderThatIsNotTheCampaignsIsRefused(_ name: String) {
        #expect(fault(headers((name, .string("x"))))?.hasPrefix("headers") == true)
    }

    @Test func fieldsHaveLimits() throws {
        func many(_ count: Int) -> (String, Value) {
            ("headers", .object((0..<count).map { Value.Member("X-\($0)", .string("x")) }))
        }
        func copies(_ count: Int) -> (String, Value) {
            ("bcc", .array((0..<count).map { .string("c\($0)@example.com") }))
        }
        #expect(fault(many(20)) == nil)
        #expect(fault(many(21)) == "headers: there are 21, and at most 20")
        #expect(fault(copies(16)) == nil)
        #expect(fault(copies(17)) == "bcc: there are more than 16")
        #expect(fault(("bcc", .array([.string("nobody")]))) == "bcc: is not of the form name@domain")
        #expect(fault(("bcc", .array([.string("{{ user.boss }}")]))) == nil)
        let long = String(repeating: "x", count: 901)
        #expect(fault(headers(("X-A", .string(long))))?.hasPrefix("headers.X-A: it has 901 bytes") == true)
        #expect(fault(headers(("X-A", .string("{{ event.a }}" + long)))) == nil)
        #expect(fault(headers(("X-A", .array([])))) == "headers.X-A: it is no text")
        #expect(fault(headers(("X-A", .string("x")), ("x-a", .string("x")))) == "headers.x-a: it stands there twice")
        #expect(throws: Letter.Unsent.self) { try letter(sendable + [headers(("X-A", .string(long)))]) }
    }

    @Test func theLinkToUnsubscribeStandsInTheText() throws {
        let fields: [(String, Value)] = [
            ("subject", .string("Hi")), ("body", .string("Bye: {{unsubscribe_url}}")),
            ("html", .string("<a href=\"{{unsubscribe_url}}\">bye</a>")),
            headers(("X-Bye", .string("{{unsubscribe_url}}"))),
        ]
        let one = [("unsubscribe_url", "https://example.com/bye"), ("unsubscribe_secret", "a secret of some length")]
        let letter = try letter(fields, settings: one)
        let link = try #require(letter.unsubscribe?.targets[0].text)
        #expect(link.contains("&"))
        guard case .both(let text, let html) = letter.content else {
            Issue.record("\(letter.content)")
            return
        }
        #expect(text == "Bye: \(link)")
        #expect(html == "<a href=\"\(link.replacing("&", with: "&amp;"))\">bye</a>")
        #expect(letter.headers.map(\.text) == [link])
        let own = try self.letter(fields + [("list_unsubscribe", .string("https://example.com/own"))], settings: one)
        #expect(own.headers.map(\.text) == ["https://example.com/own"])
        do {
            _ = try self.letter(fields)
            Issue.record("taken")
        } catch let unsent as Letter.Unsent {
            #expect(unsent.outcome.reason.hasPrefix("the text has {{ unsubscribe_url }}, and there is no link"))
        }
    }

    @Test func addressesAreWrittenToAsTheyAreMeant() throws {
        let server = try MailServer(script: [:])
        let given = [" u@example.com\n", "a..b@docomo.ne.jp", "a.@docomo.ne.jp", "\"a b\"@example.com"]
        #expect(try carry(try letter(sendable, to: given), server).isAccepted)
        var taken = try server.next()
        while taken.bytes == nil { taken = try server.next() }
        #expect(
            taken.recipients == [
                "RCPT TO:<u@example.com>", "RCPT TO:<\"a..b\"@docomo.ne.jp>", "RCPT TO:<\"a.\"@docomo.ne.jp>",
                "RCPT TO:<\"a b\"@example.com>",
            ]
        )
        let parsed = try Python.parse([UInt8](try #require(taken.bytes)))
        #expect(parsed.isWellFormed, "\(parsed.defects)")
        #expect(parsed.to.map { $0[1] }.count == 4)
    }

    /// The profile's own text is what is called dead.
    @Test func aDeadAddressIsNamedAsTheProfileHasIt() throws {
        let server = try MailServer(script: ["rcpt": "550 5.1.1 Nobody"])
        let outcome = try carry(try letter(sendable, to: [" a..b@docomo.ne.jp "]), server)
        #expect(outcome == .addressDead(" a..b@docomo.ne.jp ", "550 5.1.1 Nobody"))
    }
}
