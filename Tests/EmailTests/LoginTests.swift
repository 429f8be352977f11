import ChannelEmail
import Foundation
import PluginKit
import Testing

/// How the channel names itself at a real server, and logs in there.
@Suite struct LoginTests {
    private func letter() throws -> Letter {
        Letter(
            name: StableName(key: "k"),
            from: try Mailbox(address: "shop@example.com"),
            to: [try Mailbox(address: "u@example.com")],
            subject: "Hello",
            content: .text("Good day."),
            origin: "example.com"
        )
    }

    private func carry(_ server: SMTPServer) throws -> Outcome {
        try carry(try #require(SMTPConnection(server, timeoutMs: 20_000)))
    }

    private func carry(_ connection: SMTPConnection) throws -> Outcome {
        let outcomes = Collected<Outcome>()
        connection.carry(Delivery(try letter(), deadlineMs: .max) { outcome, _ in outcomes.append(outcome) }) { nil }
        return try #require(outcomes.all.first)
    }

    @Test(arguments: ["out.example.com", "[192.0.2.1]", "[IPv6:2001:db8::1]", "box"])
    func itCallsItselfAsItIsTold(_ name: String) throws {
        let server = try MailServer()
        #expect(try carry(SMTPServer(url: "smtp://localhost:\(server.port)", helo: name)).isAccepted)
        #expect(try server.next().helo == name)
    }

    private func withServer(
        _ arguments: [String],
        login: SMTPServer.Login,
        _ body: (MailServer, SMTPServer) throws -> Void
    ) throws {
        try withFolder { folder in
            let certificate = try Certificate(in: folder)
            let server = try MailServer(["--tls", certificate.file, certificate.key] + arguments)
            try body(
                server,
                SMTPServer(url: "smtp://localhost:\(server.port)", login: login, caFile: certificate.file)
            )
        }
    }

    /// The server offers CRAM-MD5, and can do nothing with it.
    @Test(
        arguments: [
            (SMTPServer.Mechanism?.none, "PLAIN", true), (.plain, "PLAIN", true), (.login, "LOGIN", true),
            (.cramMD5, "CRAM-MD5", false),
        ]
    )
    func aPasswordGoesByPlainFirst(_ mechanism: SMTPServer.Mechanism?, _ used: String, _ works: Bool) throws {
        let login = SMTPServer.Login(username: "shop", password: "hidden", mechanism: mechanism)
        try withServer(["--login", "shop", "hidden"], login: login) { server, there in
            let outcome = try carry(there)
            #expect(outcome.isAccepted == works, "\(outcome)")
            let tried = try server.next()
            #expect(tried.mechanism == used)
            #expect(tried.login == works)
        }
    }

    @Test func aTokenIsReadAgainForEachConnection() throws {
        try withFolder { folder in
            let file = folder.appending(path: "token").path
            func write(_ token: String) throws {
                try token.write(toFile: file, atomically: true, encoding: .utf8)
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
            }
            let login = SMTPServer.Login(username: "shop", password: "", mechanism: .xoauth2, token: TokenFile(file))
            try withServer(["--xoauth2", "--login", "shop", "ya29.new"], login: login) { server, there in
                let connection = try #require(SMTPConnection(there, timeoutMs: 20_000))
                try write("ya29.old\n")
                let refused = try carry(connection)
                // The server gave the token back.
                #expect(
                    refused.triesAgain(.unavailable, "the login failed: 535 5.7.8 Not [secret]"),
                    "\(refused)"
                )
                #expect(try server.next().login == false)
                try write("ya29.expired")
                let expired = try carry(connection)
                #expect(expired.triesAgain(.unavailable, "the login failed: "), "\(expired)")
                #expect(try server.next().login == false)
                try write("ya29.new\n")
                #expect(try carry(connection).isAccepted)
                #expect(try server.next().login == true)
                #expect(try server.next().user == "shop")
                try FileManager.default.removeItem(atPath: file)
                let gone = try carry(try #require(SMTPConnection(there, timeoutMs: 20_000)))
                #expect(gone.triesAgain(.unavailable, "token_file: \(file) cannot be read"), "\(gone)")
            }
        }
    }
}
