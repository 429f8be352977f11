import ChannelEmail
import Foundation
import PluginKit
import Testing

@Suite struct SettingsTests {
    private func settings(_ members: [(String, Value)]) throws -> EmailSettings {
        try EmailSettings(.object(members.map { Value.Member($0.0, $0.1) }))
    }

    @Test func withoutAServerMailGoesToAMaildirInTheDataFolder() throws {
        let settings = try settings([("data_folder", .string("/var/lib/triggerd"))])
        #expect(settings.way == .maildir("/var/lib/triggerd/maildir"))
        #expect(settings.from.address.hasPrefix("triggerd@"))
        #expect(settings.timeoutMs == 60_000)
        #expect(settings.answerMs == 600_000)
    }

    @Test func everySettingIsRead() throws {
        let settings = try settings([
            ("url", .string("smtp://mail.example.com:587")), ("username", .string("shop")), ("password", .string("s")),
            ("timeout_seconds", .integer(7)), ("from", .string("Shop <shop@example.com>")),
            ("reply_to", .string("help@example.com")), ("list_unsubscribe", .string("mailto:bye@example.com")),
            ("auth", .string("LOGIN")), ("helo", .string("out.example.com")), ("bounces_to", .string("b@example.com")),
        ])
        let login = SMTPServer.Login(username: "shop", password: "s", mechanism: .login)
        let server = SMTPServer(url: "smtp://mail.example.com:587", login: login, helo: "out.example.com")
        #expect(settings.way == .server(server))
        #expect(settings.timeoutMs == 7_000)
        #expect(settings.from == (try Mailbox(parsing: "Shop <shop@example.com>")))
        #expect(settings.replyTo?.address == "help@example.com")
        #expect(settings.unsubscribe?.text == "mailto:bye@example.com")
        #expect(settings.bouncesTo == (try BounceAddress("b@example.com")))
    }

    @Test(
        arguments: [
            (["url": "http://example.com"], "url: it must begin with"),
            (["url": "mail.example.com:25"], "url: it must begin with"),
            (["url": "smtp://"], "url: after smtp://"), (["url": "smtp://a b"], "url: after smtp://"),
            (["url": "smtp://mail:0"], "url: after smtp://"), (["url": "smtp://mail:65536"], "url: after smtp://"),
            (["url": "smtp://mail/helo"], "url: after smtp://"),
            (["url": "smtp://shop:hidden@mail"], "url: write the login"),
            (["url": "smtp://mail", "password": "hidden"], "password is set"),
            (["url": "smtp://mail", "username": "shop"], "username is set"),
            (["url": "smtp://mail", "token_file": "/t"], "token_file is set and username is not"),
            (["url": "smtp://mail", "auth": "plain"], "auth is set and username is not"),
            (
                ["url": "smtp://mail", "username": "shop", "password": "hidden", "auth": "ntlm"],
                "auth: ntlm is none of"
            ),
            (
                ["url": "smtp://mail", "username": "shop", "password": "hidden", "auth": "xoauth2"],
                "auth: xoauth2 takes token_file"
            ),
            (
                ["url": "smtp://mail", "username": "shop", "password": "hidden", "token_file": "/t"],
                "either password or token_file"
            ),
            (
                ["url": "smtp://mail", "username": "shop", "token_file": "/t", "auth": "plain"],
                "token_file is for auth=xoauth2"
            ),
            (
                ["url": "smtp://mail", "username": "shop", "token_file": "/no/such"],
                "token_file: /no/such cannot be read"
            ),
            (["url": "smtp://mail", "helo": "a b"], "helo: a b is no name of a host"),
            (["url": "smtp://mail", "helo": "mail\r\nRSET"], "helo: "),
            (["helo": "mail.example.com"], "helo is of no use"),
            (["bounces_to": "nobody"], "bounces_to: "),
            (["bounces_to": "a{key}b{key}@example.com"], "bounces_to: it has"),
            (["bounces_to": String(repeating: "b", count: 40) + "@example.com"], "bounces_to: with the key"),
            (["bounces_to": "\"a b\"@example.com"], "bounces_to: before its @"),
            (["username": "shop"], "username is of no use"),
            (["url": "smtp://mail", "maildir": "/m"], "either url or maildir"),
            (["url": "smtp://mail", "ca_file": "/no/such/file"], "ca_file: /no/such/file cannot be read"),
            (["url": "smtp://mail", "ca_file": #filePath], "ca_file: \(#filePath) holds no certificate in PEM"),
            (["from": "nobody"], "from: "), (["reply_to": "a@b\r\nBcc: c@d"], "reply_to: "),
            (["list_unsubscribe": "bye"], "list_unsubscribe: "),
            (
                ["list_unsubscribe": "http://example.com/bye"],
                "list_unsubscribe: http://example.com/bye is not an https: "
            ),
        ]
    )
    func aFaultNamesItsSettingAndNoSecret(_ given: [String: String], _ beginning: String) {
        do {
            let settings = try settings([("data_folder", .string("/d"))] + given.map { ($0.key, .string($0.value)) })
            Issue.record("taken: \(settings)")
        } catch {
            #expect("\(error)".hasPrefix(beginning), "\(error)")
            #expect(!"\(error)".contains("hidden"))
        }
    }

    @Test func aHostWithoutADotIsNotWhatItCallsItself() throws {
        let from = try Mailbox(address: "shop@bücher.example")
        #expect(try EmailSettings.helo(nil, from: from, host: "box") == "xn--bcher-kva.example")
        #expect(try EmailSettings.helo(nil, from: from, host: "out.example.com") == "out.example.com")
        #expect(try EmailSettings.helo("[192.0.2.1]", from: from, host: "box") == "[192.0.2.1]")
        #expect(try EmailSettings.helo(nil, from: Mailbox(address: "shop@box"), host: "box") == nil)
    }

    @Test func aTokensFileIsTheDaemonsAlone() throws {
        try withFolder { (folder: URL) throws in
            let file = folder.appending(path: "token").path
            func fault(_ token: String, mode: Int = 0o600) throws -> String? {
                try token.write(toFile: file, atomically: true, encoding: .utf8)
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
                do {
                    _ = try settings([
                        ("url", .string("smtp://mail")), ("username", .string("shop")), ("token_file", .string(file)),
                    ])
                    return nil
                } catch {
                    return "\(error)".replacing("token_file: \(file) ", with: "")
                }
            }
            #expect(try fault("ya29.hidden\n") == nil)
            #expect(try fault("ya29.hidden", mode: 0o644)?.hasPrefix("may be read or changed by others") == true)
            #expect(try fault("\n") == "holds no token: one word of ASCII")
            #expect(try fault("hid den") == "holds no token: one word of ASCII")
            #expect(try fault(String(repeating: "h", count: 16_385)) == "is no token: it is too long")
        }
    }

    @Test func aFileOfCertificatesIsReadAtTheStart() throws {
        try withFolder { folder in
            let certificate = try Certificate(in: folder).file
            let whole = try String(contentsOfFile: certificate, encoding: .utf8)
            func fault(_ text: String) throws -> String? {
                try text.write(toFile: certificate, atomically: true, encoding: .utf8)
                do {
                    _ = try settings([("url", .string("smtp://mail")), ("ca_file", .string(certificate))])
                    return nil
                } catch {
                    return "\(error)".hasPrefix("ca_file: \(certificate) ") ? "\(error)" : "of another: \(error)"
                }
            }
            #expect(try fault(whole) == nil)
            #expect(try fault("a comment\n" + whole + "\n" + whole) == nil)
            let lines = whole.split(separator: "\n")
            let cut = lines.dropLast(1).joined(separator: "\n")
            let shorter = (lines.prefix(2) + lines.suffix(1)).joined(separator: "\n")
            for bad in [cut, shorter, whole.replacing("MII", with: "M!I"), whole + cut] {
                #expect(try fault(bad)?.hasSuffix("holds a certificate that is cut or garbled") == true)
            }
            #expect(try fault("")?.hasSuffix("holds no certificate in PEM") == true)
        }
    }

    @Test(
        arguments: [
            ("timeout_seconds", 0, false), ("timeout_seconds", 1, true), ("timeout_seconds", 600, true),
            ("timeout_seconds", 601, false), ("answer_seconds", 0, false), ("answer_seconds", 1, true),
            ("answer_seconds", 1800, true), ("answer_seconds", 1801, false), ("connections", 0, false),
            ("connections", 1, true),
            ("connections", 64, true), ("connections", 65, false),
        ]
    )
    func aNumberHasLimits(_ name: String, _ number: Int64, _ isTaken: Bool) {
        let given: [(String, Value)] = [("url", .string("smtp://mail")), (name, .integer(number))]
        if isTaken {
            #expect(throws: Never.self) { try settings(given) }
        } else {
            #expect(throws: PluginError.self) { try settings(given) }
        }
    }

    @Test(arguments: [
        "smtp://localhost", "smtp://127.0.0.1:2525", "smtp://[::1]:25", "SMTPS://mail.example.com/", "smtp://mail",
    ])
    func aServersAddressIsTaken(_ url: String) throws {
        #expect(throws: Never.self) { try settings([("url", .string(url))]) }
    }
}

@Suite struct CompositionTests {
    private let settings: EmailSettings

    init() throws {
        settings = try EmailSettings(
            .object([
                Value.Member("data_folder", .string("/d")), Value.Member("from", .string("Shop <shop@example.com>")),
                Value.Member("list_unsubscribe", .string("mailto:bye@example.com")),
            ])
        )
    }

    private func letter(_ fields: [(String, String)], to: [String] = ["u@example.com"]) -> Result<Letter, Letter.Unsent>
    {
        let message = Message(
            key: "k",
            campaign: "c",
            user: "u",
            addresses: to,
            fields: fields.map { Value.Member($0.0, .string($0.1)) },
            deadline: .max
        )
        return Result { () throws(Letter.Unsent) in try Letter(message, settings) }
    }

    private func unsent(_ fields: [(String, String)], to: [String] = ["u@example.com"]) -> Outcome? {
        if case .failure(let unsent) = letter(fields, to: to) { unsent.outcome } else { nil }
    }

    @Test func theMessageGoesBeforeTheSettings() throws {
        let plain = try letter([("subject", "Hi"), ("body", "Hello")]).get()
        #expect(plain.from.displayName == "Shop")
        #expect(plain.unsubscribe?.targets.map(\.text) == ["mailto:bye@example.com"])
        let own = try letter([
            ("subject", "Hi"), ("body", "Hello"), ("from", "Ann <ann@other.example>"), ("reply_to", "r@example.com"),
            ("list_unsubscribe", "https://example.com/bye?u=1"),
        ]).get()
        #expect(own.from.address == "ann@other.example")
        #expect(own.replyTo?.address == "r@example.com")
        #expect(own.unsubscribe?.targets.map(\.text) == ["https://example.com/bye?u=1"])
        // A sender that changes between two tries must not change the Message-ID.
        #expect(own.origin == "example.com")
    }

    @Test func aMessageThatSaysNothingIsRefused() {
        #expect(unsent([("subject", "Hi")])?.reason.hasPrefix("body and html are both empty") == true)
        #expect(unsent([("subject", "Hi"), ("body", " \n")])?.reason.hasPrefix("body and html are both empty") == true)
        #expect(unsent([("subject", "\n"), ("body", "Hello")]) == .refused("the subject is empty"))
        #expect(unsent([("subject", "Hi"), ("html", "<p>Hello</p>")]) == nil)
    }

    @Test func aFieldThatIsNoAddressIsRefused() {
        let rest = [("subject", "Hi"), ("body", "Hello")]
        #expect(unsent(rest + [("from", "x")]) == .refused("from is not of the form name@domain"))
        #expect(
            unsent(rest + [("reply_to", "a@example.com\r\nBcc: b@example.com")])
                == .refused("reply_to holds a line break or another control character")
        )
        for link in ["x", "http://example.com/bye"] {
            #expect(
                unsent(rest + [("list_unsubscribe", link)])
                    == .refused("list_unsubscribe is not an https: or mailto: link")
            )
        }
    }

    @Test func anAddressThatIsNoneIsDead() throws {
        let fields = [("subject", "Hi"), ("body", "Hello")]
        for (address, reason) in [
            ("nowhere", "the address is not of the form name@domain"),
            ("u@example.com\r\nBcc: b@example.com", "the address holds a line break or another control character"),
        ] {
            guard case .failure(let unsent) = letter(fields, to: [address]) else {
                Issue.record("taken: \(address)")
                continue
            }
            #expect(unsent.outcome == .refused(reason))
            #expect(unsent.deadAddresses == [address])
        }
        #expect(unsent(fields, to: []) == .refused("the message has no address"))
        #expect(unsent(fields, to: ["ü@example.com"]) == nil)
        #expect(try letter(fields, to: ["nowhere", "u@example.com"]).get().to.map(\.address) == ["u@example.com"])
    }

    private func fault(_ fields: [(String, String)]) -> String? {
        do {
            try EmailChannel.check(.object(fields.map { Value.Member($0.0, .string($0.1)) }))
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// When a campaign is applied, before any template is rendered.
    @Test func aCampaignsFieldsAreChecked() {
        let good = [("subject", "Hi {{ user.name }}"), ("html", "<p>Hi</p>")]
        #expect(fault(good) == nil)
        #expect(
            fault(
                good + [
                    ("from", "{{ sender }}"), ("reply_to", "{% if a %}b{% endif %}"), ("list_unsubscribe", "{{ u }}"),
                ]
            )
                == nil
        )
        #expect(
            fault(good + [("from", "Shop <shop@bücher.example>"), ("list_unsubscribe", "mailto:a@b.example")]) == nil
        )
        #expect(fault([("subject", "Hi")]) == "body: body and html are both empty; a message needs one of them")
        #expect(fault([("subject", " "), ("body", "Hi")]) == "subject: it is empty")
        #expect(fault(good + [("from", "nobody")]) == "from: is not of the form name@domain")
        #expect(
            fault(good + [("reply_to", "a@b.example\r\nBcc: c@d.example")])
                == "reply_to: holds a line break or another control character"
        )
        for link in ["javascript:x", "http://example.com/bye", "HTTP://example.com/{x}"] {
            #expect(fault(good + [("list_unsubscribe", link)])?.hasPrefix("list_unsubscribe: ") == true)
        }
    }
}
