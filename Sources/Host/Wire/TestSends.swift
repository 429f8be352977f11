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

    /// Where in a message the address of a test goes.
    enum Place {
        /// In that of the user's.
        case user(String)
        /// In that of the message itself, for a channel that asks no user for one: its field `url`.
        case url(String)

        /// Throws where the channel would send to wherever it always does.
        init(_ address: String, of channel: String, _ plugins: PluginRegistry) throws(Status) {
            guard let registered = plugins.registeredChannels[channel] else {
                throw Status(.failedPrecondition, "the channel \"\(channel)\" is not loaded")
            }
            guard registered.rules.addressField == nil else {
                self = .user(address)
                return
            }
            let takesURL = registered.messageFields.contains { field in
                if case .string = field.kind { field.name == Self.urlField } else { false }
            }
            guard takesURL else {
                throw .invalid(
                    "send_to",
                    "the channel \"\(channel)\" has no address of a user's that another could replace, and its messages "
                        + "have no `\(Self.urlField)`: its settings alone say where they go, so nothing was sent. To test "
                        + "it, set it up in a daemon of its own that sends where you look, and track an event there"
                )
            }
            self = .url(address)
        }

        private static let urlField = "url"
        private static let copiesField: Text = "bcc"

        var addresses: [Text] {
            switch self {
            case .user(let address): [Text(address)]
            case .url: []
            }
        }

        func redirected(_ fields: Object) -> Object {
            var fields = fields
            // Nobody but whoever asked gets a test.
            fields[Self.copiesField] = nil
            guard case .url(let url) = self else { return fields }
            fields[Self.urlField] = .string(url)
            return fields
        }
    }

    /// `ended` is called once, on any thread: with the channel's answer, or at the channel's deadline. `address` is
    /// the one that was asked for.
    func send(
        _ message: OutboxMessage,
        to address: String,
        _ ended: @escaping @Sendable (Outcome) -> Void
    ) throws(Status) {
        guard let channel = channels[message.channel] else {
            throw Status(.failedPrecondition, "the channel \"\(message.channel)\" was not started")
        }
        let answer = FirstAnswer { outcome in
            let (accepted, detail) = outcome.asTest
            ended(
                Outcome(
                    channel: message.channel,
                    address: address,
                    key: message.key,
                    accepted: accepted,
                    detail: detail
                )
            )
        }
        let patience = min(channel.line.deadline, WireLimits.testSend)
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
