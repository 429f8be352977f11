import Dispatch
import Engine
import RPC
import Schema
import Storage
import Synchronization

/// Messages that are sent for somebody to look at: straight to their channel, beside the outbox, once.
struct TestSends: Sendable {
    let channels: [String: ChannelInstance]
    let clock: Clock

    struct Outcome: Sendable {
        var channel: String
        var address: String
        var key: String
        var accepted: Bool
        /// The provider's id, or why it was not accepted.
        var detail: String
    }

    /// No message of a campaign has one like it.
    static func key(at now: Instant) -> String {
        "test-\(now.milliseconds)-\(String(UInt32.random(in: .min ... .max), radix: 16))"
    }

    /// `ended` is called once, on any thread: with the channel's answer, or at the channel's deadline.
    func send(_ message: OutboxMessage, _ ended: @escaping @Sendable (Outcome) -> Void) throws(Status) {
        guard let channel = channels[message.channel] else {
            throw Status(.failedPrecondition, "the channel \"\(message.channel)\" was not started")
        }
        let answer = FirstAnswer { outcome in
            let (accepted, detail) = outcome.asTest
            ended(
                Outcome(
                    channel: message.channel,
                    address: message.addresses.first ?? "",
                    key: message.key,
                    accepted: accepted,
                    detail: detail
                )
            )
        }
        let patience = channel.line.deadline
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Int(patience.milliseconds))) {
            _ = answer.give(.unknown(reason: "no answer within \(patience)"))
        }
        channel.send(message, addresses: message.addresses, attempt: 1, deadline: clock.now() + patience) { report in
            answer.give(report.outcome)
        }
    }
}

/// Takes the first of several answers.
private final class FirstAnswer: Sendable {
    private let ended: Mutex<(@Sendable (ChannelOutcome) -> Void)?>

    init(_ ended: @escaping @Sendable (ChannelOutcome) -> Void) {
        self.ended = Mutex(ended)
    }

    /// Gives false for one that came later.
    func give(_ outcome: ChannelOutcome) -> Bool {
        let ended = ended.withLock { ended in
            defer { ended = nil }
            return ended
        }
        ended?(outcome)
        return ended != nil
    }
}

extension ChannelOutcome {
    /// A test is not tried again.
    fileprivate var asTest: (accepted: Bool, detail: String) {
        switch self {
        case .accepted(let id): (true, id)
        case .tryAgain(_, let reason, _), .refused(let reason), .addressDead(_, let reason), .unknown(let reason):
            (false, reason)
        }
    }
}

extension TestSends.Outcome {
    func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__TestSend> {
        let message = arena.make(triggerd__v1__test_send__init)
        message.pointee.channel = arena.text(channel)
        message.pointee.address = arena.text(address)
        message.pointee.key = arena.text(key)
        message.pointee.accepted = accepted ? 1 : 0
        message.pointee.detail = arena.text(detail)
        return message
    }
}
