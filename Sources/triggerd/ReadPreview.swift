import Engine
import Host
import Schema

/// A preview as a reply carries it.
struct ReadPreview {
    struct Message {
        let channel: String
        let addresses: [String]
        /// A decision code; empty where the user could be reached.
        let unreachable: String
        let why: Object
        let fields: Object
        /// Instead of fields.
        let decision: String
        let reason: String

        init(_ message: UnsafePointer<Triggerd__V1__PreviewedMessage>) {
            let message = message.pointee
            channel = String(cString: message.channel)
            addresses = (0..<message.n_addresses).compactMap { message.addresses[$0].map { String(cString: $0) } }
            unreachable = String(cString: message.unreachable)
            why = Object(message.why, count: message.n_why)
            fields = Object(message.fields, count: message.n_fields)
            decision = String(cString: message.decision)
            reason = String(cString: message.reason)
        }

        var json: Object {
            var json: Object = ["channel": .string(channel), "addresses": .array(addresses.map(Value.string))]
            if !unreachable.isEmpty {
                json["unreachable"] = .string(unreachable)
                if !why.isEmpty { json["why"] = .object(why) }
            }
            if decision.isEmpty {
                json["fields"] = .object(fields)
            } else {
                json["decision"] = .string(decision)
                json["reason"] = .string(reason)
            }
            return json
        }

        /// The channel and to whom, then each field; a text of several lines stands below its name.
        var lines: [String] {
            var head = channel
            if !addresses.isEmpty { head += " to \(addresses.joined(separator: ", "))" }
            if !unreachable.isEmpty {
                let compared = why.members.map { "\($0.name): \($0.value.plain)" }.joined(separator: ", ")
                head += "; would not leave now: \(unreachable)\(compared.isEmpty ? "" : " (\(compared))")"
            }
            guard decision.isEmpty else { return [head, "  \(decision): \(reason)"] }
            return [head] + fields.members.flatMap(Self.lines)
        }

        private static func lines(_ field: Object.Member) -> [String] {
            let lines = field.value.plain.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
            guard lines.count > 1 else { return ["  \(field.name): \(field.value.plain)"] }
            return ["  \(field.name):"] + lines.map { $0.isEmpty ? "" : "    \($0)" }
        }
    }

    struct Test {
        let channel: String
        let address: String
        let key: String
        let accepted: Bool
        let detail: String

        var json: Object {
            [
                "test": .string(channel), "address": .string(address), "key": .string(key),
                "accepted": .boolean(accepted), "detail": .string(detail),
            ]
        }

        var text: String {
            let more = detail.isEmpty ? "" : " (\(detail))"
            return accepted
                ? "sent as a test to \(address) by \(channel)\(more)"
                : "the test to \(address) by \(channel) was not accepted\(more)"
        }
    }

    let campaign: String
    let isUserKnown: Bool
    let messages: [Message]
    let test: Test?

    init(_ reply: UnsafePointer<Triggerd__V1__PreviewReply>) {
        campaign = String(cString: reply.pointee.campaign)
        isUserKnown = reply.pointee.user_known != 0
        messages = elements(reply.pointee.n_messages, reply.pointee.messages).map(Message.init)
        test = reply.pointee.test.map { test in
            Test(
                channel: String(cString: test.pointee.channel),
                address: String(cString: test.pointee.address),
                key: String(cString: test.pointee.key),
                accepted: test.pointee.accepted != 0,
                detail: String(cString: test.pointee.detail)
            )
        }
    }

    /// Parts with an empty line between them.
    func lines(user: String) -> [String] {
        let unknown = isUserKnown ? [] : [["nobody called \(user) is known: the profile is empty"]]
        let parts = unknown + messages.map(\.lines) + (test.map { [[$0.text]] } ?? [])
        return Array(parts.joined(separator: [""]))
    }
}
