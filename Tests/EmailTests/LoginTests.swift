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

    private func offers(_ text: String) -> SMTPOffers { SMTPOffers(greeting: "250-host\r\n250 \(text)\r\n") }

    /// "Login denied" was told where nobody had denied anything.
    @Test(
        arguments: [
            ("HELP", nil, false, "the server offers no AUTH"),
            ("AUTH LOGIN PLAIN", .cramMD5, false, "the server offers LOGIN PLAIN, and email.auth is for cram-md5"),
            ("AUTH CRAM-MD5", .plain, false, "the server offers CRAM-MD5, and email.auth is for plain"),
            (
                "AUTH XOAUTH2", nil, false,
                "the server offers XOAUTH2, and email.password is for plain, login, cram-md5"
            ),
            ("AUTH PLAIN LOGIN", .xoauth2, true, "the server offers PLAIN LOGIN, and email.token_file is for xoauth2"),
            (
                "AUTH", nil, false,
                "the server offers AUTH and names no way, and email.password is for plain, login, cram-md5"
            ),
        ] as [(String, SMTPServer.Mechanism?, Bool, String)]
    )
    func whereNoWayIsKnownToBothItSaysSo(_ offer: String, _ own: SMTPServer.Mechanism?, _ hasToken: Bool, _ why: String)
    {
        let token = hasToken ? TokenFile("/token") : nil
        let login = SMTPServer.Login(username: "u", password: "p", mechanism: own, token: token)
        do throws(SMTPLogin.Unknown) {
            _ = try SMTPLogin(login, token: hasToken ? "t" : nil, offers(offer))
            Issue.record("it logs in by \(offer)")
        } catch {
            #expect(error.reason == why)
        }
    }

    @Test func eachWayIsSaidStepByStep() throws {
        func login(_ mechanism: SMTPServer.Mechanism, token: String? = nil) throws -> SMTPLogin {
            let given = SMTPServer.Login(
                username: "tim",
                password: "tanstaaftanstaaf",
                mechanism: mechanism,
                token: token.map { TokenFile($0) }
            )
            return try SMTPLogin(given, token: token, offers("auth plain login cram-md5 xoauth2"))
        }
        func asks(_ text: String = "") -> SMTPReply { SMTPReply(code: 334, text: text) }
        let accepted = SMTPReply(code: 235, text: "2.7.0 Ok")
        // RFC 2195, 2.
        var cram = try login(.cramMD5)
        #expect(cram.command == "AUTH CRAM-MD5")
        let challenge = "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+"
        #expect(cram.answered(asks(challenge)) == .say("dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"))
        #expect(cram.answered(accepted) == .done)
        var plain = try login(.plain)
        #expect(plain.answered(asks()) == .say("AHRpbQB0YW5zdGFhZnRhbnN0YWFm"))
        #expect(plain.answered(SMTPReply(code: 535, text: "5.7.8 No")) == .failed("535 5.7.8 No"))
        var two = try login(.login)
        #expect(two.answered(asks("VXNlcm5hbWU6")) == .say("dGlt"))
        #expect(two.answered(asks("UGFzc3dvcmQ6")) == .say("dGFuc3RhYWZ0YW5zdGFhZg=="))
        #expect(two.answered(asks("T1RQOg==")) == .failed("the server asks for more than LOGIN has: 334 T1RQOg=="))
        var token = try login(.xoauth2, token: "ya29")
        #expect(token.answered(asks()) == .say("dXNlcj10aW0BYXV0aD1CZWFyZXIgeWEyOQEB"))
        #expect(token.answered(asks("eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIn0=")) == .say(""))
        #expect(token.broke("the server hung up") == "the server hung up after it refused the token (status 401)")
        let refused = SMTPReply(code: 535, text: "5.7.8 Not accepted")
        #expect(token.answered(refused) == .failed("535 5.7.8 Not accepted (status 401); see email.token_file"))
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
                    refused.triesAgain(.unavailable, "the login failed: 535 5.7.8 Not [secret]; see email.token_file"),
                    "\(refused)"
                )
                #expect(try server.next().login == false)
                try write("ya29.expired")
                let expired = try carry(connection)
                let why = "the login failed: 535 5.7.8 Not [secret] (status 401); see email.token_file"
                #expect(expired.triesAgain(.unavailable, why), "\(expired)")
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
