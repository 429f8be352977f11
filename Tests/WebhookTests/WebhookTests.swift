import Foundation
import PluginKit
import Testing
import Webhook

@Suite struct WebhookTests {
    @Test func aMessageIsSignedAsStandardWebhooksHasIt() async throws {
        let receiver = try Receiver()
        let channel = try Hook.channel([
            ("secret", .string(Receiver.secret)), ("url", .string(receiver.url("hooks?a=1"))),
        ])
        let data = Value.object([Value.Member("total", .decimal(1.5)), Value.Member("name", .string("Zoë \"Z\""))])
        let fields: [(String, Value)] = [("type", .string("cart.left")), ("data", data)]
        for _ in 0..<2 {
            let (outcome, service) = await channel.deliver(Hook.message(fields))
            #expect(outcome == .accepted(id: ""))
            #expect(service == "localhost:\(receiver.port)")
        }
        _ = await channel.deliver(Hook.message([], key: "a.b"))
        channel.stop()
        let requests = try receiver.stop()
        #expect(requests.count == 3)
        #expect(requests.allSatisfy { $0.isVerified && $0.isFresh && $0.path == "/hooks?a=1" })
        #expect(requests[0].headers["webhook-id"] == "msg_1")
        #expect(requests[1].headers["webhook-id"] == "msg_1", "each try has the same")
        #expect(requests[2].headers["webhook-id"]?.contains(".") == false, "a full stop divides what is signed")
        #expect(requests[0].headers["content-type"] == "application/json")
        #expect(requests[0].headers["user-agent"] == "triggerd-webhook")
        let body = requests[0].body
        #expect(body["type"] as? String == "cart.left")
        #expect(body["campaign"] as? String == "cart")
        #expect(body["user"] as? String == "u1")
        #expect(body["data"] as? NSDictionary == ["total": 1.5, "name": "Zoë \"Z\""])
        #expect(body["timestamp"] as? String == "2026-03-02T10:00:00.007Z", "the event's, whenever it is delivered")
        #expect(requests[0].text == requests[1].text, "an id has one body")
        #expect(requests[2].body["type"] as? String == "cart")
        #expect(requests[2].body["data"] as? NSDictionary == [:])
    }

    @Test("the host waits for a receiver as long as any `timeout_seconds` lets it take")
    func theHostWaitsLonger() throws {
        _ = try Hook.channel([("secret", .string(Receiver.secret)), ("timeout_seconds", .integer(600))])
        #expect(throws: PluginError.self) {
            try Hook.channel([("secret", .string(Receiver.secret)), ("timeout_seconds", .integer(601))])
        }
        #expect(WebhookChannel.deadlineSeconds > 600)
    }

    @Test(
        arguments: [
            ("~200", .accepted(id: "")), ("~400", .refused("the receiver answered 400")),
            ("~redirect", .refused("the receiver answered 307")),
            ("~408", .tryAgain(after: 0, "the receiver answered 408", cause: .message)),
            ("~425~retry=3", .tryAgain(after: 3_000, "the receiver answered 425", cause: .message)),
            ("~429~retry=7", .tryAgain(after: 7_000, "the receiver answered 429", cause: .throttled)),
            ("~503~retry=9", .tryAgain(after: 9_000, "the receiver answered 503", cause: .unavailable)),
            ("~huge", .tryAgain(after: 0, "the receiver answered 500", cause: .unavailable)),
        ] as [(String, Outcome)]
    )
    func anAnswerIsClassified(_ path: String, _ expected: Outcome) async throws {
        let receiver = try Receiver()
        let channel = try Hook.channel()
        let (outcome, _) = await channel.deliver(Hook.message([("url", .string(receiver.url(path)))]))
        #expect(outcome == expected)
        channel.stop()
        #expect(try receiver.stop().count == 1)
    }

    @Test func aRetryAfterMayBeADate() async throws {
        let receiver = try Receiver()
        let channel = try Hook.channel()
        let (outcome, _) = await channel.deliver(Hook.message([("url", .string(receiver.url("~503~date=40")))]))
        guard case .tryAgain(let waitMs, _, .unavailable) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect((37_000...41_000).contains(waitMs))
        channel.stop()
    }

    @Test(
        arguments: [
            ("~cut", .message, "the connection broke before an answer, it may have been taken: "),
            ("~stall", .unavailable, "no answer in time; it may have been taken"),
            ("~garbage", .message, "the connection broke before an answer, it may have been taken: "),
        ] as [(String, Outcome.Cause, String)]
    )
    func whatMayHaveBeenTakenIsUnknown(_ path: String, _ cause: Outcome.Cause, _ beginning: String) async throws {
        let receiver = try Receiver()
        let channel = try Hook.channel([("secret", .string(Receiver.secret)), ("timeout_seconds", .integer(1))])
        let (outcome, _) = await channel.deliver(Hook.message([("url", .string(receiver.url(path)))]))
        guard case .unknown(let reason, cause) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(reason.hasPrefix(beginning), "\(reason)")
        #expect(!reason.contains("whsec") && !reason.contains(path))
        channel.stop()
        #expect(try receiver.stop().count == 1, "sent once in one try")
    }

    @Test func aCertificateIsVerified() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "webhook-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let certificate = try Certificate(in: folder, "c")
        let receiver = try Receiver(["--tls", certificate.file, certificate.key])
        let message = Hook.message([("url", .string(receiver.url("x")))])
        let trusting = try Hook.channel([("secret", .string(Receiver.secret)), ("ca_file", .string(certificate.file))])
        #expect(await trusting.deliver(message).outcome == .accepted(id: ""))
        trusting.stop()
        let usual = try Hook.channel()
        guard case .tryAgain(_, let reason, .unavailable) = await usual.deliver(message).outcome else {
            Issue.record("a certificate that nobody vouches for was taken")
            return
        }
        #expect(reason.hasPrefix("no trusted TLS connection"))
        usual.stop()
        #expect(try receiver.stop().count == 1)
        try FileManager.default.removeItem(at: folder)
    }

    @Test func whereNobodyListensThatReceiverRestsAlone() async throws {
        let channel = try Hook.channel()
        let (outcome, service) = await channel.deliver(Hook.message([("url", .string("http://localhost:9/x"))]))
        guard case .tryAgain(0, let reason, .unavailable) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(reason.hasPrefix("no connection: "))
        #expect(service == "localhost:9")
        channel.stop()
    }

    @Test(
        arguments: [
            ("https://Example.com/x?y", "example.com"), ("https://example.com:443", "example.com"),
            ("http://example.com:8080/", "example.com:8080"), ("http://[::1]:80", "[::1]"), ("example.com", ""),
            (nil, "shop.example"), ("", ""),
        ] as [(String?, String)]
    )
    func aMessageIsOfItsReceiver(_ url: String?, _ service: String) throws {
        let channel = try Hook.channel([
            ("secret", .string(Receiver.secret)), ("url", .string("https://shop.example/hooks")),
        ])
        #expect(channel.service(of: Hook.message(url.map { [("url", .string($0))] } ?? [])) == service)
        channel.stop()
    }

    @Test func itStartsWithNothingSetAndMessagesWaitUntilItIs() async throws {
        let channel = try Hook.channel([("data_folder", .string("/d"))])
        let message = Hook.message([("url", .string("https://example.com"))])
        #expect(
            await channel.deliver(message).outcome
                == .tryAgain(after: 0, "webhook.secret is not set", cause: .unavailable)
        )
        channel.stop()
        let signed = try Hook.channel()
        let nowhere = await signed.deliver(Hook.message([]))
        #expect(
            nowhere.outcome
                == .tryAgain(after: 0, "neither the message's url nor webhook.url is set", cause: .unavailable)
        )
        #expect(nowhere.service == "webhook.url")
        let odd = await signed.deliver(Hook.message([("url", .string("https://u:p@example.com"))]))
        #expect(odd.outcome == .refused("url: the URL holds a user name or a password"))
        signed.stop()
        let other = try Hook.channel([
            ("secret", .string(Receiver.secret)), ("url", .string("https://shop.example/hooks")),
        ])
        let empty = await other.deliver(Hook.message([("url", .string(""))]))
        guard case .refused(let why) = empty.outcome else {
            Issue.record("a URL that a template left empty went to the setting's: \(empty.outcome)")
            return
        }
        #expect(why.hasPrefix("url: "))
        other.stop()
    }

    @Test(
        arguments: [
            (["secret": "hidden"], "secret: it must begin with whsec_"),
            (["secret": "whsec_hidden!"], "secret: behind"),
            (["secret": "whsec_aGlkZGVu"], "secret: it is of 6 bytes"),
            (["url": "https://example.com"], "secret is not set"),
            (["url": "ftp://example.com", "secret": Receiver.secret], "url: "),
            (["ca_file": "/no/such/file"], "ca_file: /no/such/file cannot be read"),
        ]
    )
    func aFaultNamesItsSettingAndNoSecret(_ given: [String: String], _ beginning: String) {
        do {
            try Hook.channel(given.map { ($0.key, .string($0.value)) }).stop()
            Issue.record("taken: \(given)")
        } catch {
            #expect("\(error)".hasPrefix(beginning), "\(error)")
            #expect(!"\(error)".contains("hidden"))
        }
    }

    @Test(arguments: [
        ("https://example.com/x?y", true), ("{{ event.url }}", true), ("http://[::1]:8080/", true),
        ("example.com", false), ("https://a b", false), ("https://a\n", false), ("https://u@example.com", false),
        ("file:///etc/passwd", false), ("https://example.com:99999", false), ("https://-x-.com", false),
    ])
    func aURLIsCheckedWhenACampaignIsApplied(_ url: String, _ isTaken: Bool) {
        let fields = Value.object([Value.Member("url", .string(url))])
        if isTaken {
            #expect(throws: Never.self) { try WebhookChannel.check(fields) }
        } else {
            #expect(throws: PluginError.self) { try WebhookChannel.check(fields) }
        }
        #expect(throws: PluginError.self) { try WebhookChannel.check(.object([Value.Member("data", .array([]))])) }
    }
}
