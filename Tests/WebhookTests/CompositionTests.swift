import Foundation
import PluginKit
import Testing
import Webhook

/// What a message says itself: headers, a body, the event's instant.
@Suite struct CompositionTests {
    private static func object(_ members: [(String, Value)]) -> Value {
        .object(members.map { Value.Member($0.0, $0.1) })
    }

    @Test func headersAndABodyOfOnesOwn() async throws {
        let receiver = try Receiver()
        let channel = try Hook.channel()
        let headers = Self.object([
            ("Authorization", .string(" Bearer t \t")), ("x-count", .integer(3)), ("x-on", .boolean(true)),
            ("x-none", .null), ("x-empty", .string(" ")), ("User-Agent", .string("Shop/1")),
        ])
        let url = ("url", Value.string(receiver.url("a")))
        let bodies: [(Value, Value?, String, String)] = [
            (Self.object([("text", .string("Zoë \"Z\"\n"))]), nil, #"{"text":"Zoë \"Z\"\n"}"#, "application/json"),
            (.array([.integer(1)]), nil, "[1]", "application/json"),
            (.string(#" {"text": "hello"} "#), nil, #" {"text": "hello"} "#, "application/json"),
            (.string("hello"), nil, "hello", "text/plain; charset=utf-8"),
            (.string(""), nil, "", "text/plain; charset=utf-8"),
            (
                .string("a=1&b=2"), .string("application/x-www-form-urlencoded"), "a=1&b=2",
                "application/x-www-form-urlencoded"
            ),
        ]
        for (body, type, _, _) in bodies {
            var given = [url, ("body", body), ("headers", headers)]
            if let type { given[2].1 = Self.object([("Content-Type", type)]) }
            #expect(await channel.deliver(Hook.message(given)).outcome == .accepted(id: ""))
        }
        channel.stop()
        let requests = try receiver.stop()
        #expect(requests.map(\.text) == bodies.map(\.2))
        #expect(requests.map { $0.headers["content-type"] } == bodies.map(\.3))
        #expect(requests.allSatisfy { $0.isVerified }, "what is posted is what is signed")
        let sent = requests[0].headers
        #expect(sent["authorization"] == "Bearer t" && sent["x-count"] == "3" && sent["x-on"] == "true")
        #expect(sent["x-none"] == nil && sent["x-empty"] == nil && sent["user-agent"] == "Shop/1")
        #expect(requests[5].headers["user-agent"] == "triggerd-webhook")
    }

    private static let bad: [(Value, String)] = [
        (.string("x: 1"), "headers: it must be an object"),
        (object([("webhook-id", .string("x"))]), "headers.webhook-id: the"),
        (object([("Webhook-Other", .string("x"))]), "headers.Webhook-Other: the"),
        (object([("HOST", .string("x"))]), "headers.HOST: the"),
        (object([("Content-Length", .integer(1))]), "headers.Content-Length: the"),
        (object([("transfer-encoding", .string("chunked"))]), "headers.transfer-encoding: the"),
        (object([("proxy-authorization", .string("x"))]), "headers.proxy-authorization: the"),
        (object([("a b", .string("x"))]), "headers: a name must be"),
        (object([("", .string("x"))]), "headers: a name must be"),
        (object([("a:", .string("x"))]), "headers: a name must be"),
        (object([("a\r\nb", .string("x"))]), "headers: a name must be"),
        (object([("X-A", .string("1")), ("x-a", .string("2"))]), "headers.x-a: it stands there twice"),
        (object([("x", .array([]))]), "headers.x: it must be a text"),
        (object([("x", .string("a\r\nhost: b"))]), "headers.x: it holds a line break"),
        (object([("x", .string("a\n"))]), "headers.x: it holds a line break"),
        (object([("x", .string("\u{0}"))]), "headers.x: it holds a line break"),
        (object([("x", .string("Zoë"))]), "headers.x: it holds a line break"),
        (object((0..<33).map { ("x-\($0)", .string("1")) }), "headers: it has 33, and not at most 32"),
        (object([("x", .string(String(repeating: "a", count: 6_144)))]), "headers: they are of 6145 bytes"),
    ]

    @Test(arguments: bad)
    func aHeaderThatCannotBeIsRefused(_ headers: Value, _ beginning: String) async throws {
        #expect {
            try WebhookChannel.check(Self.object([("headers", headers)]))
        } throws: {
            "\($0)".hasPrefix(beginning)
        }
        let channel = try Hook.channel()
        let fields = [("url", Value.string("http://localhost:9/")), ("headers", headers)]
        guard case .refused(let reason) = await channel.deliver(Hook.message(fields)).outcome else {
            Issue.record("it was sent")
            return
        }
        #expect(reason.hasPrefix(beginning), "\(reason)")
        channel.stop()
    }

    @Test func aCampaignIsCheckedAsFarAsItIsNoTemplate() {
        func fault(_ members: (String, Value)...) -> String? {
            do {
                try WebhookChannel.check(Self.object(members))
                return nil
            } catch {
                return "\(error)"
            }
        }
        #expect(fault(("headers", Self.object([("x", .string("{{ user.name }}\n"))]))) == nil)
        #expect(fault(("headers", Self.object([("x", .string("{% if a %}ü{% endif %}"))]))) == nil)
        #expect(fault(("headers", Self.object([("webhook-id", .string("{{ x }}"))]))) != nil)
        #expect(fault(("body", .string("x")), ("headers", .null)) == nil)
        #expect(fault(("body", .string("x")), ("data", Self.object([])))?.hasPrefix("body: ") == true)
        #expect(fault(("body", Self.object([])), ("type", .string("x")))?.hasPrefix("body: ") == true)
        #expect(fault(("secret", .string("shop"))) == nil)
        let hidden = fault(("secret", .string(Receiver.secret)))
        #expect(hidden?.hasPrefix("secret: it must be the name of one in webhook.secrets") == true)
        #expect(hidden?.contains(Receiver.secret) == false)
        for name in ["url", "type", "secret"] {
            #expect(fault((name, .string("")))?.hasPrefix("\(name): it is empty") == true)
        }
    }

    @Test func aPayloadIsOfAMebibyteAtMost() async throws {
        let receiver = try Receiver()
        let channel = try Hook.channel()
        for (count, isTaken) in [(1 << 20, true), (1 << 20 + 1, false)] {
            let body = Value.string(String(repeating: "a", count: count))
            let outcome = await channel.deliver(Hook.message([("url", .string(receiver.url("a"))), ("body", body)]))
                .outcome
            #expect((outcome == .accepted(id: "")) == isTaken)
        }
        channel.stop()
        #expect(try receiver.stop().count == 1)
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_827_696_789, "2000-02-29T12:34:56.789Z"),
            (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)]
    )
    func theTimestampIsTheEvents(_ eventTime: Int64, _ text: String) async throws {
        let receiver = try Receiver()
        let channel = try Hook.channel()
        for attempt in [1, 7] {
            let message = Hook.message([("url", .string(receiver.url("a")))], attempt: attempt, eventTime: eventTime)
            #expect(await channel.deliver(message).outcome == .accepted(id: ""))
        }
        channel.stop()
        #expect(try receiver.stop().map { $0.body["timestamp"] as? String } == [text, text])
    }
}
