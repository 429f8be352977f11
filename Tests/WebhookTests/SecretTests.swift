import Foundation
import PluginKit
import Testing
import Webhook

/// What messages are signed with.
@Suite struct SecretTests {
    private static let old = Receiver.secret
    private static let new = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    private static let other = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="

    @Test func eachKeyOfASecretSigns() async throws {
        let receiver = try Receiver(secrets: [Self.old, Self.new, Self.other])
        let channel = try Hook.channel([("secret", .string("\(Self.new)\r\n\n\(Self.old)\n"))])
        #expect(await channel.deliver(Hook.message([("url", .string(receiver.url("a")))])).outcome == .accepted(id: ""))
        channel.stop()
        let requests = try receiver.stop()
        #expect(requests.map(\.verifiedBy) == [[true, true, false]])
        #expect(requests.map(\.signatures) == [2])
    }

    @Test func aMessageNamesItsSecret() async throws {
        let receiver = try Receiver(secrets: [Self.old, Self.new, Self.other])
        let channel = try Hook.channel([
            ("secret", .string(Self.old)),
            ("secrets", .string("shop: \(Self.new)\n\nshop \(Self.other)\nb.2 \(Self.new)")),
        ])
        for name in [nil, "shop", "b.2", ""] {
            var fields: [(String, Value)] = [("url", .string(receiver.url("a")))]
            if let name { fields.append(("secret", .string(name))) }
            #expect(await channel.deliver(Hook.message(fields)).outcome == .accepted(id: ""))
        }
        let unknown = Hook.message([("url", .string(receiver.url("a"))), ("secret", .string("nobody"))])
        #expect(
            await channel.deliver(unknown).outcome
                == .tryAgain(after: 0, "secret: webhook.secrets has none of the name nobody", cause: .unavailable)
        )
        channel.stop()
        let first = [true, false, false]
        #expect(try receiver.stop().map(\.verifiedBy) == [first, [false, true, true], [false, true, false], first])
    }

    @Test func namedSecretsAreEnoughToStart() async throws {
        let given: [(String, Value)] = [
            ("secrets", .string("shop \(Self.old)")), ("url", .string("https://example.com/")),
        ]
        let channel = try Hook.channel(given)
        #expect(
            await channel.deliver(Hook.message([])).outcome
                == .tryAgain(after: 0, "webhook.secret is not set", cause: .unavailable)
        )
        channel.stop()
    }

    private static let faults: [([String: String], String)] = [
        (["secret": "\(old) hidden"], "secret: word 2 of 2, each of which is a key: it must begin with whsec_"),
        (["secret": "\(old),\(new)"], "secret: behind whsec_ it is not base64"),
        (["secret": " \n"], "secret: it holds no key"),
        (["secret": nine], "secret: it holds 9 keys, and not at most 8"),
        (["secrets": "hidden!"], "secrets: line 1: it must begin with a name"),
        (["secrets": "\n\(old)"], "secrets: line 2: it must begin with a name"),
        (["secrets": "shop:"], "secrets: line 1: it holds no key"),
        (["secrets": "shop: hidden"], "secrets: line 1: it must begin with whsec_"),
        (["secrets": "\n"], "secrets: it holds none"),
    ]
    private static let nine = Array(repeating: old, count: 9).joined(separator: " ")

    @Test(arguments: faults)
    func aFaultNamesItsPlaceAndNoKey(_ given: [String: String], _ beginning: String) {
        do {
            try Hook.channel(given.map { ($0.key, .string($0.value)) }).stop()
            Issue.record("taken: \(given)")
        } catch {
            #expect("\(error)".hasPrefix(beginning), "\(error)")
            #expect(!"\(error)".contains("hidden") && !"\(error)".contains(Self.old.dropFirst(6)))
        }
    }
}
