import Foundation
import PluginKit
import Testing
import Webhook

/// Answers that may pass, and one that says not to come back.
@Suite struct RefusalTests {
    @Test(arguments: [401, 403, 404, 409, 421])
    func whatMayPassIsTriedAFewTimes(_ status: Int) async throws {
        let receiver = try Receiver()
        let channel = try Hook.channel()
        let reason = "the receiver answered \(status)"
        func outcome(_ path: String, attempt: Int, key: String = "msg_1") async -> Outcome {
            await channel.deliver(
                Hook.message([("url", .string(receiver.url(path)))], key: key, attempt: attempt)
            ).outcome
        }
        // Tries that came to nothing for another reason do not count.
        for attempt in 20..<25 {
            #expect(await outcome("~\(status)", attempt: attempt) == .tryAgain(after: 0, reason))
        }
        #expect(await outcome("~\(status)~retry=4", attempt: 1, key: "other") == .tryAgain(after: 4_000, reason))
        #expect(await outcome("~\(status)", attempt: 25) == .refused(reason))
        // Once redriven, it has as many again.
        #expect(await outcome("~\(status)", attempt: 1) == .tryAgain(after: 0, reason))
        #expect(await outcome("~200", attempt: 2) == .accepted(id: ""))
        channel.stop()
        #expect(try receiver.stop().count == 9)
    }

    @Test func whoIsGoneIsLeftAloneForLong() async throws {
        let receiver = try Receiver()
        let channel = try Hook.channel()
        func outcome(_ path: String, key: String) async -> Outcome {
            await channel.deliver(Hook.message([("url", .string(receiver.url(path)))], key: key)).outcome
        }
        #expect(await outcome("a~410", key: "1") == .tryAgain(after: 3_600_000, "the receiver answered 410"))
        for key in ["1", "2"] {
            guard case .tryAgain(let waitMs, let reason, .message) = await outcome("a~410", key: key) else {
                Issue.record("it was asked again")
                return
            }
            #expect((3_500_000...3_600_000).contains(waitMs))
            #expect(reason == "the receiver answered 410 a while ago, and is left alone")
        }
        #expect(await outcome("b", key: "3") == .accepted(id: ""), "another URL of its host is another receiver")
        channel.stop()
        #expect(try receiver.stop().map(\.path) == ["/a~410", "/b"])
    }
}
