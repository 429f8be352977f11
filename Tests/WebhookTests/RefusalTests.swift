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

    @Test("a URL that answered 410 is left alone for an hour, under a name of its own that tells no secret")
    func whoIsGoneIsLeftAloneForLong() async throws {
        let receiver = try Receiver()
        let channel = try Hook.channel()
        func deliver(_ path: String, key: String) async -> (outcome: Outcome, service: String) {
            await channel.deliver(Hook.message([("url", .string(receiver.url(path)))], key: key))
        }
        func service(_ path: String) -> String {
            channel.service(of: Hook.message([("url", .string(receiver.url(path)))], key: "1"))
        }
        let host = "localhost:\(receiver.port)"
        #expect(service("a~410") == host)
        let first = await deliver("a~410", key: "1")
        #expect(first.outcome == .tryAgain(after: 3_600_000, "the receiver answered 410", cause: .unavailable))
        #expect(first.service == "\(host)/a~410" && service("a~410") == first.service)
        for key in ["1", "2"] {
            let again = await deliver("a~410", key: key)
            guard case .tryAgain(let waitMs, let reason, .unavailable) = again.outcome else {
                Issue.record("it was asked again")
                return
            }
            #expect((3_500_000...3_600_000).contains(waitMs) && again.service == first.service)
            #expect(reason == "the URL answered 410 a while ago, and is left alone")
        }
        let other = await deliver("b", key: "3")
        #expect(other.outcome == .accepted(id: ""), "another URL of its host is another receiver")
        #expect(other.service == host)
        let secret = await deliver("services+/T00000000/B00000000/SECRET?token=TOKEN~410", key: "4").service
        #expect(secret.hasPrefix("\(host)/services%2B/T00000000/B00000000/S~"))
        #expect(!secret.contains("SECRET") && !secret.contains("TOKEN"))
        channel.stop()
        #expect(try receiver.stop().map(\.path).prefix(2) == ["/a~410", "/b"])
    }
}
