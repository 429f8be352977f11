import ChannelEmail
import Foundation
import PluginKit
import Testing

/// Letters over a socket to a real server.
@Suite struct SMTPTests {
    private static let login = SMTPServer.Login(username: "shop", password: "s3cret: é")
    private static let loginArguments = ["--login", login.username, login.password]

    private func letter(
        _ key: String = "k",
        from: String = "shop@example.com",
        to: [String] = ["u@example.com"],
        text: String = "Hello"
    ) throws -> Letter {
        Letter(
            name: StableName(key: key),
            from: try Mailbox(address: from),
            to: try to.map { try Mailbox(address: $0) },
            subject: "Grüße",
            content: .text(text),
            origin: "example.com"
        )
    }

    private func connect(_ server: MailServer, _ scheme: String = "smtp") throws -> SMTPConnection {
        try connect(SMTPServer(url: "\(scheme)://localhost:\(server.port)"))
    }

    private func connect(_ server: SMTPServer, timeoutMs: Int64 = 20_000) throws -> SMTPConnection {
        try #require(SMTPConnection(server, timeoutMs: timeoutMs))
    }

    private func carry(_ letter: Letter, _ connection: SMTPConnection) -> Outcome {
        let outcomes = Collected<Outcome>()
        connection.carry(Delivery(letter, deadlineMs: .max) { outcome, _ in outcomes.append(outcome) }) { nil }
        return outcomes.all.count == 1 ? outcomes.all[0] : .refused("ended \(outcomes.all.count) times")
    }

    @Test func aLetterArrivesAsItWasWritten() throws {
        let server = try MailServer()
        let text = "one\r\n.\r\n..two\r\nFrom three\r\n" + String(repeating: "lång ", count: 500)
        let letter = try letter(to: ["u@example.com", "v@example.com"], text: text)
        let outcome = carry(letter, try connect(server))
        #expect(outcome == .accepted(id: "250 2.0.0 Ok: queued as 4XYZ"))
        let taken = try server.next()
        #expect(taken.sender == "shop@example.com")
        #expect(taken.recipients == ["u@example.com", "v@example.com"])
        let bytes = [UInt8](try #require(taken.bytes))
        let parsed = try Python.parse(bytes)
        #expect(parsed.subject == "Grüße")
        #expect(parsed.parts.map(\.text) == [text + "\r\n"])
        #expect(try server.stop().isEmpty)
    }

    @Test func aConnectionIsKeptForTheNextLetter() throws {
        let server = try MailServer()
        let connection = try connect(server)
        for key in ["a", "b", "c"] { #expect(carry(try letter(key), connection).isAccepted) }
        let peers = try (0..<3).map { _ in try server.next().peer }
        #expect(Set(peers).count == 1)
    }

    /// Many servers answer the hundredth MAIL of a connection with 421.
    @Test func aConnectionThatTheServerEndsIsReplaced() throws {
        let server = try MailServer(["--hang-up-after", "2"])
        let connection = try connect(server)
        for key in ["a", "b", "c", "d", "e"] { #expect(carry(try letter(key), connection).isAccepted) }
        let peers = try (0..<5).map { _ in try server.next().peer }
        #expect(Set(peers).count == 3)
    }

    @Test func theSameKeyHasTheSameMessageID() throws {
        let server = try MailServer()
        var ids: [String?] = []
        for key in ["one", "one", "two"] {
            #expect(carry(try letter(key), try connect(server)).isAccepted)
            ids.append(try Python.parse([UInt8](try #require(try server.next().bytes))).messageId)
        }
        #expect(ids[0] == "<one@example.com>")
        #expect(ids[0] == ids[1])
        #expect(ids[0] != ids[2])
    }

    @Test func aPasswordGoesOverTLS() throws {
        try withFolder { folder in
            let certificate = try Certificate(in: folder)
            let server = try MailServer(["--tls", certificate.file, certificate.key] + Self.loginArguments)
            let there = SMTPServer(url: "smtp://localhost:\(server.port)", login: Self.login, caFile: certificate.file)
            #expect(carry(try letter(), try connect(there)).isAccepted)
            #expect(try server.next().login == true)
            let taken = try server.next()
            #expect(taken.tls == true)
            #expect(taken.user == "shop")
        }
    }

    @Test func smtpsIsTLSFromTheFirstByte() throws {
        try withFolder { folder in
            let certificate = try Certificate(in: folder)
            let server = try MailServer(["--at-once", "--tls", certificate.file, certificate.key])
            let there = SMTPServer(url: "smtps://localhost:\(server.port)", caFile: certificate.file)
            #expect(carry(try letter(), try connect(there)).isAccepted)
            let outcome = carry(try letter(), try connect(server, "smtps"))
            #expect(outcome.triesAgain(.unavailable, "no trusted TLS connection"), "\(outcome)")
        }
    }

    @Test("a connection costs no reading of the certificates, unless their file has changed")
    func certificatesAreReadOnce() throws {
        try withFolder { folder in
            let certificate = try Certificate(in: folder)
            let server = try MailServer(["--at-once", "--tls", certificate.file, certificate.key])
            let folderOfOther = folder.appending(path: "other")
            try FileManager.default.createDirectory(at: folderOfOther, withIntermediateDirectories: false)
            let other = try Certificate(in: folderOfOther)
            /// Of a length that has nothing to do with the certificate.
            func padded(_ certificate: Certificate) throws -> Data {
                let text = try Data(contentsOf: URL(filePath: certificate.file))
                return text + Data(repeating: UInt8(ascii: "\n"), count: 4_096 - text.count)
            }
            let file = folder.appending(path: "trusted.pem")
            try padded(certificate).write(to: file)
            let connection = try connect(SMTPServer(url: "smtps://localhost:\(server.port)", caFile: file.path))
            func carried() throws -> Outcome {
                defer { connection.rest(unusedSince: .max) }
                return carry(try letter(), connection)
            }
            #expect(try carried().isAccepted)
            // It says something else, and by all that `stat` tells it is the same.
            var before = stat()
            #expect(stat(file.path, &before) == 0)
            let handle = try FileHandle(forWritingTo: file)
            try handle.write(contentsOf: padded(other))
            try handle.close()
            #expect(utimensat(AT_FDCWD, file.path, [before.st_atim, before.st_mtim], 0) == 0)
            #expect(try carried().isAccepted, "it was read again")
            try padded(other).write(to: file, options: .atomic)
            #expect(try carried().triesAgain(.unavailable, "no trusted TLS connection"), "it was not read again")
        }
    }

    @Test func aPasswordIsNotSentWithoutTLS() throws {
        let server = try MailServer(Self.loginArguments)
        let there = SMTPServer(url: "smtp://localhost:\(server.port)", login: Self.login)
        let outcome = carry(try letter(), try connect(there))
        #expect(outcome.triesAgain(.unavailable, "no trusted TLS connection"), "\(outcome)")
        // The server prints each login that it sees, a right one or a wrong one.
        #expect(try server.stop().isEmpty)
    }

    @Test func aPasswordIsNotSentToACertificateThatNobodyVouchesFor() throws {
        try withFolder { folder in
            let certificate = try Certificate(in: folder)
            let server = try MailServer(["--tls", certificate.file, certificate.key] + Self.loginArguments)
            let there = SMTPServer(url: "smtp://localhost:\(server.port)", login: Self.login)
            let outcome = carry(try letter(), try connect(there))
            #expect(outcome.triesAgain(.unavailable, "no trusted TLS connection"), "\(outcome)")
            #expect(try server.stop().isEmpty)
        }
    }

    @Test func withoutAPasswordTLSIsUsedWhereItIsOffered() throws {
        try withFolder { folder in
            let certificate = try Certificate(in: folder)
            let server = try MailServer(["--tls", certificate.file, certificate.key])
            #expect(carry(try letter(), try connect(server)).isAccepted)
            #expect(try server.next().tls == true)
        }
    }

    @Test func aWrongPasswordIsToBeRepaired() throws {
        try withFolder { folder in
            let certificate = try Certificate(in: folder)
            let server = try MailServer(["--tls", certificate.file, certificate.key] + Self.loginArguments)
            var there = SMTPServer(url: "smtp://localhost:\(server.port)", login: Self.login, caFile: certificate.file)
            there.login?.password = "hunter2"
            let outcome = carry(try letter(), try connect(there))
            // The server gave the password back, as it is and in base64.
            #expect(outcome.triesAgain(.unavailable, "the login failed: 535 5.7.8 Not [secret] [secret]"), "\(outcome)")
        }
    }

    @Test func aLoginThatIsMissingIsToBeRepaired() throws {
        let server = try MailServer(Self.loginArguments)
        let outcome = carry(try letter(), try connect(server))
        #expect(outcome.triesAgain(.unavailable, "530"), "\(outcome)")
    }

    @Test(
        arguments: [
            ("later", Outcome.tryAgain(after: 0, "451 4.3.2 Try later", cause: .throttled)),
            ("nobody", .addressDead("nobody@example.com", "550 5.1.1 No such user here")),
            ("old", .addressDead("old@example.com", "550 no such user")),
            ("relay", .tryAgain(after: 0, "550 5.7.1 Relaying denied", cause: .unavailable)),
            ("content-later", .tryAgain(after: 0, "452 4.3.1 Insufficient system storage")),
            ("content-never", .refused("554 5.6.0 We do not want this")),
        ]
    )
    func theReplyDecides(_ name: String, _ expected: Outcome) throws {
        let server = try MailServer()
        let connection = try connect(server)
        #expect(carry(try letter(to: ["\(name)@example.com"]), connection) == expected)
        // The connection, or a new one, serves the next.
        #expect(carry(try letter(), connection).isAccepted)
    }

    @Test func aRefusedSenderConcernsTheChannel() throws {
        let server = try MailServer()
        let outcome = carry(try letter(from: "stranger@example.com"), try connect(server))
        #expect(outcome == .tryAgain(after: 0, "553 5.7.1 Not your address", cause: .unavailable))
    }

    @Test func oneGoodAddressIsEnough() throws {
        let server = try MailServer()
        let connection = try connect(server)
        #expect(carry(try letter(to: ["nobody@example.com", "u@example.com"]), connection).isAccepted)
        #expect(try server.next().recipients == ["u@example.com"])
        let later = carry(try letter(to: ["later@example.com", "nobody@example.com"]), connection)
        #expect(later.triesAgain(.throttled, "451 4.3.2"), "\(later)")
    }

    @Test func aServerThatIsDownIsTriedAgain() throws {
        let server = try MailServer()
        let connection = try connect(server)
        #expect(carry(try letter(), connection).isAccepted)
        try server.stop()
        let outcome = carry(try letter(), connection)
        #expect(outcome.triesAgain(.unavailable, "no connection"), "\(outcome)")
    }

    @Test func aServerThatNeverAnswersTheContentLeavesItUnknown() throws {
        let server = try MailServer(["--delay", "60"])
        let there = SMTPServer(url: "smtp://localhost:\(server.port)")
        let connection = try #require(SMTPConnection(there, timeoutMs: 20_000, answerMs: 500))
        let outcome = carry(try letter(), connection)
        #expect(outcome == .unknown("no answer in time between the letter's end and the server's answer"))
    }

    /// A server takes a while over a letter's content; the others must not stand still meanwhile.
    @Test func lettersTravelAtOnce() throws {
        let server = try MailServer(["--delay", "0.5"])
        let connections = try (0..<8).map { _ in try connect(server) }
        let pool = CarrierPool(connections)
        let outcomes = Collected<Outcome>()
        let begun = ContinuousClock.now
        for key in 0..<8 {
            pool.begin(try letter("\(key)"), deadlineMs: .max) { outcome, _ in outcomes.append(outcome) }
        }
        pool.drain()
        #expect(outcomes.all.count == 8)
        #expect(outcomes.all.allSatisfy { $0.isAccepted })
        // One after the other they would take four seconds.
        #expect(ContinuousClock.now - begun < .seconds(3))
    }

    @Test func stoppingEndsWhatIsUnderWay() throws {
        let server = try MailServer(["--delay", "60"])
        let pool = CarrierPool([try connect(server)])
        let outcomes = Collected<Outcome>()
        for key in ["under way", "waiting"] {
            pool.begin(try letter(key), deadlineMs: .max) { outcome, _ in outcomes.append(outcome) }
        }
        pool.stop()
        pool.begin(try letter("too late"), deadlineMs: .max) { outcome, _ in outcomes.append(outcome) }
        pool.drain()
        #expect(outcomes.all.count == 3)
        let stopped = Outcome.tryAgain(after: 0, "the channel stops", cause: .throttled)
        #expect(outcomes.all.filter { $0 == stopped }.count >= 2)
        #expect(outcomes.all.allSatisfy { $0.reason.hasPrefix("the channel stops") })
    }

    @Test func aLetterPastItsDeadlineIsNotSent() throws {
        let server = try MailServer()
        let pool = CarrierPool([try connect(server)])
        let outcomes = Collected<Outcome>()
        pool.begin(try letter(), deadlineMs: 1) { outcome, _ in outcomes.append(outcome) }
        pool.drain()
        #expect(outcomes.all.map(\.isAccepted) == [false])
        #expect(try server.stop().isEmpty)
    }
}
