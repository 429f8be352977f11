import ChannelEmail
import Foundation
import PluginKit
import Testing

/// A server that refuses, hangs, hangs up or talks nonsense at each stage; what comes of a letter, and that the
/// next one is served.
@Suite struct ScriptedServerTests {
    struct Ended: Equatable, Sendable {
        var outcome: Outcome
        var dead: [String]
    }

    private func letter(_ key: String = "k", to: [String] = ["u@example.com"]) throws -> Letter {
        Letter(
            name: StableName(key: key),
            from: try Mailbox(address: "shop@example.com"),
            to: try to.map { try Mailbox(address: $0) },
            subject: "Hello",
            content: .text("Good day."),
            origin: "example.com"
        )
    }

    /// - Parameter answerMs: for the final dot's; if not said, as long as for all before.
    private func connect(
        _ server: MailServer,
        timeoutMs: Int64 = 20_000,
        answerMs: Int64? = nil
    ) throws -> SMTPConnection {
        let there = SMTPServer(url: "smtp://localhost:\(server.port)")
        return try #require(SMTPConnection(there, timeoutMs: timeoutMs, answerMs: answerMs ?? timeoutMs))
    }

    /// All are there before the first is begun.
    private func carry(_ letters: [Letter], _ connection: SMTPConnection) throws -> [Ended] {
        let ended = Collected<(Int, Ended)>()
        var deliveries = letters.enumerated().map { index, letter in
            Delivery(letter, deadlineMs: .max) { ended.append((index, Ended(outcome: $0, dead: $1))) }
        }
        let first = deliveries.removeFirst()
        connection.carry(first) { deliveries.isEmpty ? nil : deliveries.removeFirst() }
        try #require(ended.all.count == letters.count)
        return ended.all.sorted { $0.0 < $1.0 }.map(\.1)
    }

    private func carry(_ letter: Letter, _ connection: SMTPConnection) throws -> Outcome {
        try carry([letter], connection)[0].outcome
    }

    static let closing = "421 4.3.2 Closing"

    @Test(
        arguments: [
            ("greeting", closing, Outcome.Cause.unavailable, closing),
            ("greeting", "421 4.7.0 Too many connections", .throttled, "421 4.7.0 Too many"),
            ("greeting", "554 5.7.1 Blocked", .unavailable, "554 5.7.1 Blocked"),
            ("greeting", "drop", .unavailable, "no connection"),
            ("greeting", "hang", .unavailable, "no answer in time"),
            ("greeting", "garbage", .unavailable, "no "), ("greeting", "endless", .unavailable, "no "),
            ("ehlo", "drop", .unavailable, "no connection"), ("ehlo", "hang", .unavailable, "no answer in time"),
            ("ehlo", "endless", .unavailable, "no connection"),
            ("mail", closing, .throttled, closing), ("mail", "421 Bye", .message, "421 Bye"),
            ("mail", "drop", .message, "the connection broke"), ("mail", "hang", .message, "no answer in time"),
            ("mail", "garbage", .message, "the connection broke"),
            ("mail", "endless", .message, "the connection broke"),
            ("rcpt", closing, .throttled, closing), ("rcpt", "451 4.7.1 Greylisted", .message, "451 4.7.1 Grey"),
            ("rcpt", "450-4.2.1 Busy\n450 4.2.1 Later", .message, "450 4.2.1 Busy 4.2.1 Later"),
            ("rcpt", "drop", .message, "the connection broke"), ("rcpt", "hang", .message, "no answer in time"),
            ("rcpt", "garbage", .message, "the connection broke"),
            ("rcpt", "endless", .message, "the connection broke"),
            ("data", closing, .throttled, closing), ("data", "451 Later", .message, "451 Later"),
            ("data", "drop", .message, "the connection broke"), ("data", "hang", .message, "no answer in time"),
            ("data", "garbage", .message, "the connection broke"), ("data", "250 Ok", .message, "the connection broke"),
            ("content", closing, .throttled, closing), ("content", "452 4.3.1 Full", .message, "452 4.3.1 Full"),
        ]
    )
    func atEachStageItIsTriedAgain(_ stage: String, _ act: String, _ cause: Outcome.Cause, _ reason: String) throws {
        for offers in [[], ["PIPELINING"]] {
            let server = try MailServer(script: [stage: act, "times": 1, "offers": offers])
            let connection = try connect(server, timeoutMs: ["hang", "garbage"].contains(act) ? 1_000 : 20_000)
            let outcome = try carry(try letter(), connection)
            #expect(outcome.triesAgain(cause, reason), "\(offers): \(outcome)")
            // A 4xx leaves the connection as it was; after all else there is a new one.
            if act.hasPrefix("45") { continue }
            #expect(try carry(try letter("next"), connection).isAccepted, "\(offers)")
        }
    }

    @Test(arguments: ["drop", "hang", "garbage", "endless"])
    func afterTheFinalDotNobodyKnows(_ act: String) throws {
        for offers in [[], ["PIPELINING"]] {
            let server = try MailServer(script: ["content": act, "times": 1, "offers": offers])
            let connection = try connect(server, timeoutMs: act == "hang" ? 1_000 : 20_000)
            let ended = try carry([try letter("one"), try letter("two")], connection)
            guard case .unknown = ended[0].outcome else {
                Issue.record("\(offers): \(ended[0])")
                continue
            }
            // What was begun behind it goes over a new connection.
            #expect(ended[1].outcome.isAccepted, "\(offers): \(ended[1])")
        }
    }

    @Test(
        arguments: [
            ("mail", "552 5.3.4 Too big", Outcome.refused("552 5.3.4 Too big")),
            ("rcpt", "550 5.1.1 Nobody", .addressDead("u@example.com", "550 5.1.1 Nobody")),
            ("rcpt", "550 No such user", .addressDead("u@example.com", "550 No such user")),
            (
                "rcpt", "550-5.2.2 first\n550-5.2.2 second\n550 5.2.2 third",
                .refused("550 5.2.2 first 5.2.2 second 5.2.2 third")
            ),
            ("content", "550 5.1.1 Nobody", .addressDead("u@example.com", "550 5.1.1 Nobody")),
            ("data", "554 5.5.1 No", .refused("554 5.5.1 No")),
            ("content", "554 5.6.0 Spam", .refused("554 5.6.0 Spam")),
        ]
    )
    func aRefusalIsForGood(_ stage: String, _ reply: String, _ outcome: Outcome) throws {
        for offers in [[], ["PIPELINING"]] {
            let server = try MailServer(script: ["replies": [stage: [reply]], "offers": offers])
            let ended = try carry([try letter("one"), try letter("two"), try letter("three")], try connect(server))
            #expect(ended.map(\.outcome.isAccepted) == [false, true, true])
            #expect(ended[0].outcome == outcome)
            // All over one connection.
            #expect(try server.stop().allSatisfy { $0.connection == 0 })
        }
    }

    @Test(
        arguments: [
            ("mail", "553 5.7.1 Not yours"), ("rcpt", "550 relay not permitted"), ("rcpt", "550 5.7.1 Blocked"),
            ("rcpt", "504 5.5.2 <box>: Helo command rejected: need fully-qualified hostname"), ("data", "530 Log in"),
            ("content", "550 5.7.26 Not authenticated"),
        ]
    )
    func whatConcernsTheChannelIsTriedAgain(_ stage: String, _ reply: String) throws {
        for offers in [[], ["PIPELINING"]] {
            let server = try MailServer(script: ["replies": [stage: [reply]], "offers": offers])
            let ended = try carry([try letter("one"), try letter("two")], try connect(server))
            #expect(ended[0] == Ended(outcome: .tryAgain(after: 0, reply, cause: .unavailable), dead: []))
            #expect(ended[1].outcome.isAccepted)
        }
    }

    /// What it said, and then it is gone.
    @Test(
        arguments: [
            ("rcpt", "said 421 4.7.0 Blocked for today", "421 4.7.0 Blocked for today"),
            ("data", "said 550-5.7.1 You are", "550 5.7.1 You are; then the connection broke"),
            ("mail", "said 550 5.7.1 Go away", "550 5.7.1 Go away"),
            ("greeting", "said 554-5.7.1 Not you\r\n", "554 5.7.1 Not you"),
        ]
    )
    func whatAServerSaidBeforeItHungUpIsKept(_ stage: String, _ act: String, _ reason: String) throws {
        for offers in [[], ["PIPELINING"]] {
            let server = try MailServer(script: [stage: act, "times": 1, "offers": offers])
            let outcome = try carry(try letter(), try connect(server))
            #expect(outcome.reason.hasPrefix(reason), "\(offers): \(outcome)")
        }
    }

    /// RFC 5321, 4.5.3.2.6: the answer to the final dot has a time of its own, and so has what was begun behind it.
    @Test func theAnswerToALetterMayTakeLonger() throws {
        for offers in [[], ["PIPELINING"]] {
            let server = try MailServer(script: ["content": "after 1.5", "offers": offers])
            let connection = try connect(server, timeoutMs: 1_000, answerMs: 20_000)
            let ended = try carry([try letter("one"), try letter("two")], connection)
            #expect(ended.allSatisfy { $0.outcome.isAccepted }, "\(offers): \(ended)")
            #expect(try server.stop().filter { $0.sender != nil }.count == 2)
        }
    }

    @Test func repliesComeInOddPieces() throws {
        for piece in [1, 2, 7] {
            let script: [String: Any] = [
                "offers": ["PIPELINING", "SIZE 100000"], "piece": piece, "mail": "250-one\n250-two\n250 three",
            ]
            let server = try MailServer(script: script)
            let ended = try carry((0..<5).map { try letter("\($0)") }, try connect(server))
            #expect(ended.allSatisfy { $0.outcome == .accepted(id: "250 2.0.0 Ok: queued") })
        }
    }

    /// What the server read at once: the commands of a letter, and those of the next behind a content.
    @Test func aPipelineIsSeenOnTheWire() throws {
        let server = try MailServer(script: ["offers": ["PIPELINING"]])
        let ended = try carry(
            (0..<3).map { try letter("\($0)", to: ["u@example.com", "v@example.com"]) },
            try connect(server)
        )
        #expect(ended.allSatisfy { $0.outcome.isAccepted })
        let group = "MAIL FROM:<shop@example.com>\r\nRCPT TO:<u@example.com>\r\nRCPT TO:<v@example.com>\r\nDATA\r\n"
        let heard = try server.stop().compactMap(\.heard)
        #expect(heard.count == 5, "\(heard)")
        #expect(heard[0].hasPrefix("EHLO "))
        #expect(heard[1] == group)
        #expect(heard[2].hasSuffix("\r\n.\r\n" + group))
        #expect(heard[3].hasSuffix("\r\n.\r\n" + group))
        #expect(heard[4].hasSuffix("\r\n.\r\n"))
    }

    @Test func withoutPipeliningACommandIsAWrite() throws {
        let server = try MailServer(script: [:])
        _ = try carry([try letter("a"), try letter("b")], try connect(server))
        let heard = try server.stop().compactMap(\.heard).dropFirst()
        let one = ["MAIL FROM:<shop@example.com>\r\n", "RCPT TO:<u@example.com>\r\n", "DATA\r\n"]
        #expect(heard.filter { !$0.contains("Subject") } == one + one)
    }

    @Test(arguments: ["drop", "421 4.4.2 Idle for too long"])
    func aKeptConnectionThatIsClosingIsReplacedOnce(_ act: String) throws {
        for stage in ["mail", "rcpt", "data"] {
            // The second letter of each connection finds it closing.
            let server = try MailServer(script: [stage: act, "skip": 1, "offers": ["PIPELINING"]])
            let connection = try connect(server)
            for key in ["a", "b", "c"] { #expect(try carry(try letter(key), connection).isAccepted, "\(stage)") }
            #expect(Set(try server.stop().filter { $0.sender != nil }.compactMap(\.connection)) == [0, 1, 2])
            // And where every one closes, once only.
            let closed = try MailServer(script: ["replies": [:], stage: act, "offers": ["PIPELINING"]])
            let outcome = try carry(try letter(), try connect(closed))
            guard case .tryAgain = outcome else {
                Issue.record("\(outcome)")
                continue
            }
        }
    }

    @Test func anAddressThatNobodyHasIsToldBesideTheOutcome() throws {
        let script: [String: Any] = [
            "offers": ["PIPELINING"], "replies": ["rcpt": ["250 Ok", "550 5.1.1 Nobody", "450 4.2.1 Busy"]],
        ]
        let addresses = ["a@example.com", "b@bücher.example", "c@example.com"]
        let ended = try carry([try letter(to: addresses)], try connect(try MailServer(script: script)))
        // As the profile has it.
        #expect(ended == [Ended(outcome: .accepted(id: "250 2.0.0 Ok: queued"), dead: ["b@bücher.example"])])
    }

    @Test func anInternationalAddressNeedsAServerThatTakesIt() throws {
        let offers = ["PIPELINING", "8BITMIME", "SMTPUTF8"]
        let server = try MailServer(script: ["offers": offers])
        #expect(try carry(try letter(to: ["jürgen@bücher.example"]), try connect(server)).isAccepted)
        let taken = try #require(try server.stop().first { $0.sender != nil })
        #expect(taken.sender == "MAIL FROM:<shop@example.com> BODY=8BITMIME SMTPUTF8")
        #expect(taken.recipients == ["RCPT TO:<jürgen@bücher.example>"])
        let bytes = [UInt8](try #require(taken.bytes))
        #expect(String(decoding: bytes, as: UTF8.self).contains("\r\nTo: jürgen@bücher.example\r\n"))
        #expect(try Python.parse(bytes).to == [["", "jürgen@bücher.example"]])
    }

    @Test func withoutSMTPUTF8TheASCIIFormIsUsedOrTheLetterRefused() throws {
        let server = try MailServer(script: ["offers": ["PIPELINING"]])
        let addresses = [["u@bücher.example"], ["jürgen@example.com"], ["jürgen@example.com", "u@example.com"]]
        let ended = try carry(try addresses.map { try letter(to: $0) }, try connect(server))
        #expect(ended.map(\.outcome.isAccepted) == [true, false, true])
        let reason = "an address has letters beyond ASCII before its @, and the server offers no SMTPUTF8"
        #expect(ended[1] == Ended(outcome: .refused(reason), dead: []))
        let taken = try server.stop().filter { $0.sender != nil }
        #expect(taken.map(\.sender) == ["MAIL FROM:<shop@example.com>", "MAIL FROM:<shop@example.com>"])
        #expect(taken.map(\.recipients) == [["RCPT TO:<u@xn--bcher-kva.example>"], ["RCPT TO:<u@example.com>"]])
        for one in taken { #expect(try Python.parse([UInt8](try #require(one.bytes))).isWellFormed) }
    }

    @Test func aLetterThatIsTooLargeIsNotSent() throws {
        let server = try MailServer(script: ["offers": ["PIPELINING", "SIZE 200"]])
        let outcome = try carry(try letter(), try connect(server))
        #expect(outcome.reason.contains("and the server takes 200"), "\(outcome)")
        #expect(try server.stop().compactMap(\.heard).count == 1)
    }

    @Test func aServerWithoutLoginIsNotWrittenTo() throws {
        try withFolder { folder in
            let certificate = try Certificate(in: folder)
            let server = try MailServer(["--no-login", "--at-once", "--tls", certificate.file, certificate.key])
            var there = SMTPServer(url: "smtps://localhost:\(server.port)", caFile: certificate.file)
            there.login = .init(username: "shop", password: "hunter2hunter2")
            let outcome = try carry(try letter(), try #require(SMTPConnection(there, timeoutMs: 5_000)))
            #expect(outcome.triesAgain(.unavailable, "the login failed: the server offers no AUTH"), "\(outcome)")
        }
    }

    /// STARTTLS that is struck from the greeting, and one that is refused.
    @Test func tlsThatIsDemandedAndNotThereStopsTheChannel() throws {
        for script in [["offers": []], ["offers": ["STARTTLS"], "rset": "454 4.7.0 Not now"]] as [[String: Any]] {
            let server = try MailServer(script: script)
            var there = SMTPServer(url: "smtp://localhost:\(server.port)")
            there.login = .init(username: "shop", password: "hunter2hunter2")
            let outcome = try carry(try letter(), try #require(SMTPConnection(there, timeoutMs: 5_000)))
            #expect(outcome.triesAgain(.unavailable, "no trusted TLS connection"), "\(outcome)")
            let heard = try server.stop().compactMap(\.heard).joined()
            #expect(!heard.contains("AUTH") && !heard.contains("MAIL"))
        }
    }

    @Test func aConnectionIsClosedPolitely() throws {
        let server = try MailServer(script: ["offers": ["PIPELINING"]])
        let connection = try connect(server)
        #expect(try carry(try letter(), connection).isAccepted)
        // Used since the beginning of time, and not since its end.
        connection.rest(unusedSince: 0)
        #expect(try carry(try letter("b"), connection).isAccepted)
        connection.rest(unusedSince: .max)
        var heard: [String] = []
        while heard.last != "QUIT\r\n" {
            let line = try server.next()
            #expect(line.connection == 0)
            if let text = line.heard { heard.append(text) }
        }
    }

    /// Idle connections say goodbye; nothing begins any more.
    @Test func stoppingSaysGoodbye() throws {
        let server = try MailServer(script: ["offers": ["PIPELINING"]])
        let pool = CarrierPool([try connect(server), try connect(server)])
        let outcomes = Collected<Outcome>()
        pool.begin(try letter(), deadlineMs: .max) { outcome, _ in outcomes.append(outcome) }
        pool.drain()
        pool.stop()
        #expect(outcomes.all.map(\.isAccepted) == [true])
        while try server.next().heard != "QUIT\r\n" {}
        pool.begin(try letter(), deadlineMs: .max) { outcome, _ in outcomes.append(outcome) }
        #expect(outcomes.all.last?.reason == "the channel stops")
    }
}
