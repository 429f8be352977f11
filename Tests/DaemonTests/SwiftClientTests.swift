import Foundation
import Testing
import TriggerdClient

/// The product `TriggerdClient`, as somebody else's program uses it.
@Suite(.serialized)
struct SwiftClientTests {
    private static let welcome = """
        campaign: welcome
        trigger: {type: custom_event, event: signed_up}
        messages: [{channel: in_app, title: "Hello {{ event.name }}"}]
        """

    private static func cart(_ user: String) -> V1.Item { .event(user, "add_to_cart", ["cart_value": 100]) }

    /// The program of the README, line by line; its printing is collected.
    @Test("the program of the README")
    func readme() async throws {
        let daemon = try DaemonProcess(ClientTests.campaign)
        try daemon.start()
        var printed: [String] = []
        func print(_ words: String...) { printed.append(words.joined(separator: " ")) }
        func decided(_ client: DaemonClient) async throws {
            let reply = try await client.track(.event("u1", "add_to_cart", ["cart_value": 150, "item": "Lamp"]))
            for decision in reply.decisions { print(decision.campaign, decision.decision) }
            for decision in try await client.explain("u1") { print(decision.decision) }
            let message = try await client.lease("u1")
            print(message?.campaign ?? "nothing to show")
            await client.close()
        }
        try await decided(DaemonClient("unix:\(daemon.socket)"))
        #expect(printed == ["abandoned-cart scheduled", "scheduled", "nothing to show"])
        let readme = try String(contentsOf: ClientTests.clients.appending(path: "swift/README.md"), encoding: .utf8)
        let here = try String(contentsOfFile: #filePath, encoding: .utf8)
        let program = try #require(
            readme.components(separatedBy: "```swift\n").last?.components(separatedBy: "```").first
        )
        for line in program.split(separator: "\n").dropFirst(2) { #expect(here.contains("    \(line)\n")) }
    }

    @Test("batches, ids, values, the inbox, and the codes of what is refused")
    func calls() async throws {
        let daemon = try DaemonProcess(ClientTests.campaign, Self.welcome)
        try daemon.start()
        let client = try DaemonClient("unix:\(daemon.socket)")

        let values: [String: V1.Value] = [
            "yes": true, "whole": .integer(.min), "decimal": 0.5, "text": "grüße", "list": [1, "a", [], [:]],
            "object": ["deep": ["er": [nil]]],
        ]
        let items: [V1.Item] = [
            .update("k", values), .purchase("k", "lamp", price: 0, currency: "EUR", quantity: 2),
            .sessionStart("k", device: "phone"), .location("k", latitude: 0, longitude: 0), Self.cart("k"),
        ]
        let replies = try await client.track(items)
        #expect(replies.map(\.result) == Array(repeating: .accepted, count: 5))
        #expect(replies[4].decisions.map(\.decision) == ["scheduled"])
        var asked = V1.GetUserRequest()
        asked.user = "k"
        let user: V1.User = try await client.call("Users", "Get", asked, isSafe: true)
        #expect(user.profile == values)

        var item = Self.cart("i")
        item.id = "1"
        #expect(try await client.track(item).result == .accepted)
        #expect(try await client.track(item).result == .duplicate)
        item.kind = .sessionStart(V1.SessionStart())
        await #expect(throws: DaemonError.self) { try await client.track(item) }
        await Self.expect(.alreadyExists) { () throws(DaemonError) in _ = try await client.track(item) }
        await Self.expect(.invalidArgument) { () throws(DaemonError) in _ = try await client.track(Self.cart("")) }
        let large = V1.Item.event("l", "e", ["a": .string(String(repeating: "x", count: 5 << 20))])
        await Self.expect(.resourceExhausted) { () throws(DaemonError) in _ = try await client.track(large) }

        _ = try await client.track(.event("in", "signed_up", ["name": "Ada"]))
        _ = try await client.track(.sessionStart("in", device: "phone"))
        let message = try #require(try await client.lease("in", device: "phone"))
        #expect(message.fields == ["title": "Hello Ada"])
        try await client.acknowledge("in", message.token, action: "clicked")
        await Self.expect(.failedPrecondition) { () throws(DaemonError) in
            try await client.hold("in", message.token, for: .seconds(60))
        }
        #expect(try await client.explain("in", campaign: "welcome").first?.decision == "delivered")

        _ = try await client.track(Array(repeating: Self.cart("p"), count: 1_200))
        #expect(try await client.explain("p", limit: 1_100).count == 1_100)
        await client.close()
    }

    private static func expect(
        _ code: DaemonError.Code,
        _ call: () async throws(DaemonError) -> Void
    ) async {
        do throws(DaemonError) {
            try await call()
            Issue.record("\(code) was not thrown")
        } catch {
            #expect(error.code == code, "\(error)")
        }
    }

    @Test("a daemon that is killed and starts again is found again; each item counts once")
    func restart() async throws {
        let daemon = try DaemonProcess(
            "launched_at: 2026-01-01\n" + ClientTests.campaign + "\nre_eligibility: {after: 0s}"
        )
        try daemon.start()
        let client = try DaemonClient("unix:\(daemon.socket)")
        _ = try await client.track(Self.cart("u"))
        daemon.kill()
        await Self.expect(.unavailable) { () throws(DaemonError) in
            _ = try await client.track(Self.cart("u"), timeout: .milliseconds(200))
        }
        async let later = client.track(Self.cart("u"))
        try daemon.start()
        #expect(try await later.result == .accepted)
        #expect(try await client.explain("u").count == 2)
        await client.close()
    }

    @Test("an address that is none, and a token that everybody could read")
    func addresses() async throws {
        var options = DaemonClient.Options()
        options.token = "abc"
        for wrong in ["unix:", "/run/s", "tcp://h", "tcp://h:", "tcp://h:65536", "http://h:80", "tcp://192.0.2.1:7000"]
        {
            #expect(throws: DaemonError.self, "\(wrong)") { try DaemonClient(wrong, options: options) }
        }
        for right in ["unix:/a/b", "tcp://127.0.0.1:7000", "tcp://[::1]:7000", "tls://192.0.2.1:7000"] {
            #expect(throws: Never.self, "\(right)") { try DaemonClient(right, options: options) }
        }
    }
}
