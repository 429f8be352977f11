import Foundation
import PluginKit
import Push
import Testing

/// Connections: few, kept, replaced where they end, and trusted only where they may be.
@Suite struct ConnectionTests {
    private func messages(_ count: Int, _ token: (Int) -> String) -> [Message] {
        (0..<count).map { Pushing.message([token($0)], key: "m\($0)") }
    }

    @Test(arguments: ["fcm", "apns", "webpush"])
    func manySendsAreOnOneConnectionOverTLS(_ service: String) async throws {
        let folder = try Folder()
        let certificate = try folder.certificate()
        let server = try PushServer(["--tls", certificate.file, certificate.key])
        var settings = server.settings
        settings["ca_file"] = certificate.file
        let channel = try Pushing.channel(settings)
        let all = messages(400) { service == "webpush" ? server.subscription("\($0)") : "\(service):\($0)" }
        let deliveries = await channel.deliver(all)
        let refused = deliveries.filter { !$0.outcome.isAccepted }
        #expect(refused.isEmpty, "\(refused.count), as \(String(describing: refused.first))")
        channel.stop()
        let requests = try server.stop()
        #expect(Set(requests.map(\.connection)).count == 1)
        #expect(requests.count { $0.service == service } == 400)
    }

    @Test func aCertificateThatNobodyVouchesForIsSentNothing() async throws {
        let folder = try Folder()
        let certificate = try folder.certificate()
        let server = try PushServer(["--tls", certificate.file, certificate.key])
        let channel = try Pushing.channel(server.settings)
        for token in ["fcm:a", "apns:a", server.subscription("a")] {
            let delivery = await channel.deliver(token)
            #expect(delivery.outcome.reason.contains("no trusted TLS connection"), "\(delivery)")
            #expect(delivery.outcome.cause == .unavailable)
        }
        channel.stop()
        #expect(try server.stop().isEmpty)
    }

    @Test func goawayLosesNothing() async throws {
        let server = try PushServer(["--goaway-after", "25"])
        let channel = try Pushing.channel(server.settings)
        var waiting = messages(200) { "apns:\($0)" }
        var rounds = 0
        while !waiting.isEmpty, rounds < 20 {
            rounds += 1
            let batch = waiting
            var left: [Message] = []
            for message in batch.prefix(10) {
                let delivery = await channel.deliver(message)
                if !delivery.outcome.isAccepted {
                    #expect(delivery.outcome.cause != nil, "\(delivery)")
                    left.append(message)
                }
            }
            waiting = left + batch.dropFirst(10)
        }
        #expect(waiting.isEmpty)
        channel.stop()
        let connections = Set(try server.stop().map(\.connection)).count
        #expect((2...9).contains(connections), "\(connections)")
    }

    @Test func aServerThatKnowsHTTP11AloneIsSpokenToInThat() async throws {
        let server = try PushServer()
        let plain = try PushServer(script: "plain_server.py")
        let channel = try Pushing.channel(server.settings)
        let deliveries = await channel.deliver(messages(40) { plain.subscription("\($0)") })
        #expect(deliveries.allSatisfy { $0.outcome.isAccepted }, "\(deliveries)")
        channel.stop()
        let requests = try plain.stop()
        #expect(requests.count == 40)
        #expect((1...8).contains(Set(requests.map(\.connection)).count))
    }

    @Test func whoHangsUpAtOnceIsTriedInBothAndLosesNothing() async throws {
        let server = try PushServer()
        let starting = try PushServer(["--hang-up", "2"], script: "plain_server.py")
        let channel = try Pushing.channel(server.settings)
        let first = await channel.deliver(starting.subscription("a"))
        #expect(first.outcome.cause == .message, "\(first)")
        let second = await channel.deliver(starting.subscription("b"), key: "m2")
        #expect(second.outcome.isAccepted, "\(second)")
        channel.stop()
        #expect(try starting.stop().count == 1)
    }

    @Test func whatAServerDidNotLookAtIsSentAgain() async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        let delivery = await channel.deliver("apns:x~refuse~once")
        #expect(delivery.outcome.isAccepted, "\(delivery)")
        channel.stop()
        #expect(try server.stop().count == 2)
    }

    @Test func aStalledConnectionIsReplaced() async throws {
        let server = try PushServer()
        var settings = server.settings
        settings["timeout_seconds"] = "1"
        let channel = try Pushing.channel(settings)
        let stalled = await channel.deliver("apns:a~stall")
        #expect(stalled.outcome == .tryAgain(after: 0, "no answer in time; it may have been taken", cause: .message))
        let next = await channel.deliver("apns:b", key: "m2")
        #expect(next.outcome.isAccepted)
        channel.stop()
        #expect(Set(try server.stop().map(\.connection)).count == 2)
    }

    /// The server takes a hundred at once, and answers none.
    @Test func whereNothingIsAnsweredWhatWaitsIsTold() async throws {
        let server = try PushServer()
        var settings = server.settings
        settings["timeout_seconds"] = "4"
        let channel = try Pushing.channel(settings)
        let deliveries = await channel.deliver(messages(150) { "apns:\($0)~stall" })
        let reason = "no answer comes: what is under way is not answered"
        let waiting = deliveries.filter { $0.outcome.reason == reason }
        #expect(waiting.count == 50, "\(Set(deliveries.map(\.outcome.reason)))")
        #expect(waiting.allSatisfy { $0.outcome.cause == .unavailable && $0.service == "apns" })
        let began = Date()
        let next = await channel.deliver("apns:next", key: "next")
        #expect(next.outcome.cause == .unavailable, "\(next)")
        #expect(Date().timeIntervalSince(began) < 0.5)
        channel.stop()
        #expect(try server.stop().count == 100)
    }

    @Test func aSlowAnswerHoldsUpNoOther() async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        async let slow = channel.deliver("apns:a~slow=1.5")
        let began = Date()
        for index in 0..<20 {
            let delivery = await channel.deliver("apns:\(index)", key: "m\(index)")
            #expect(delivery.outcome.isAccepted)
        }
        #expect(Date().timeIntervalSince(began) < 1)
        #expect(await slow.outcome.isAccepted)
        channel.stop()
        #expect(Set(try server.stop().map(\.connection)).count == 1)
    }

    @Test func whereNobodyListensAnotherServiceGoesOn() async throws {
        let server = try PushServer()
        var settings = server.settings
        settings["fcm_url"] = "https://127.0.0.1:9"
        let channel = try Pushing.channel(settings)
        let first = await channel.deliver("fcm:a")
        #expect(first.outcome.cause == .unavailable)
        #expect(first.outcome.reason.hasPrefix("no connection"), "\(first)")
        let second = await channel.deliver("fcm:b", "apns:b", key: "m2")
        #expect(second.outcome.isAccepted)
        #expect(second.service == "apns")
        channel.stop()
    }

    @Test func aTokenServerThatIsAwayLosesNothing() async throws {
        let server = try PushServer()
        var settings = server.settings
        settings["fcm_service_account"] = settings["fcm_service_account"]?.replacing(
            server.origin,
            with: "http://127.0.0.1:9"
        )
        let channel = try Pushing.channel(settings)
        let deliveries = await channel.deliver(messages(20) { "fcm:\($0)" })
        #expect(deliveries.allSatisfy { $0.outcome.cause != nil && $0.service == "fcm" })
        #expect(deliveries.contains { $0.outcome.cause == .unavailable })
        channel.stop()
        #expect(try server.stop().isEmpty)
    }

    @Test func stopCompletesEverythingOnce() async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        async let deliveries = channel.deliver(messages(50) { "apns:\($0)~stall" })
        try await Task.sleep(for: .milliseconds(500))
        channel.stop()
        let all = await deliveries
        #expect(all.count == 50)
        #expect(all.allSatisfy { $0.outcome == .tryAgain(after: 0, "the channel stops", cause: .message) })
        let late = await channel.deliver("apns:late", key: "late")
        #expect(late.outcome.cause == .message)
        channel.drain()
    }

    @Test func theDeadlineEndsATry() async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        let began = Date()
        let delivery = await channel.deliver(Pushing.message(["apns:a~stall"], withinMs: 700))
        #expect(delivery.outcome.cause == .message)
        #expect(Date().timeIntervalSince(began) < 5)
        let past = await channel.deliver(Pushing.message(["apns:b"], withinMs: -1))
        #expect(past.outcome == .tryAgain(after: 0, "the deadline passed", cause: .message))
        channel.stop()
        #expect(try server.stop().count == 1)
    }
}
