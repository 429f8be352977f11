import Foundation
import PluginKit
import Push

/// What the tests say of settings and messages in a line.
enum Pushing {
    static func settings(_ given: [String: String]) -> Value {
        let integers = given.compactMap { name, text in Int64(text).map { Value.Member(name, .integer($0)) } }
        let booleans = given.compactMap { name, text in Bool(text).map { Value.Member(name, .boolean($0)) } }
        let strings = given.filter { Int64($0.value) == nil && Bool($0.value) == nil }
            .map { Value.Member($0.key, .string($0.value)) }
        return .object(integers + booleans + strings)
    }

    static func channel(_ given: [String: String]) throws -> PushChannel {
        try PushChannel(settings: settings(given))
    }

    static func message(
        _ tokens: [String],
        _ fields: [Value.Member] = [Value.Member("title", .string("Hello"))],
        key: String = "m1",
        since: [Int64] = [],
        attempt: Int = 1,
        withinMs: Int64 = 30_000,
        isInDoubt: Bool = false
    ) -> Message {
        Message(
            key: key,
            campaign: "cart",
            user: key == "m1" ? "u1" : "user of \(key)",
            addresses: tokens,
            addressesSince: since,
            fields: fields,
            deadline: Int64(Date().timeIntervalSince1970 * 1_000) + withinMs,
            attempt: attempt,
            isInDoubt: isInDoubt
        )
    }
}

extension PushChannel {
    func deliver(_ message: Message) async -> Delivery {
        await withCheckedContinuation { continuation in
            deliver(message) { continuation.resume(returning: $0) }
        }
    }

    func deliver(_ tokens: String..., key: String = "m1") async -> Delivery {
        await deliver(Pushing.message(tokens, key: key))
    }

    /// Many at once.
    func deliver(_ messages: [Message]) async -> [Delivery] {
        await withTaskGroup(of: Delivery.self) { group in
            for message in messages { group.addTask { await self.deliver(message) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }
}

extension Outcome {
    var isAccepted: Bool {
        if case .accepted = self { true } else { false }
    }

    var reason: String {
        switch self {
        case .accepted(let id): id
        case .tryAgain(_, let reason, _), .refused(let reason), .addressDead(_, let reason), .unknown(let reason, _):
            reason
        }
    }

    var waitMs: Int64? {
        if case .tryAgain(let wait, _, _) = self { wait } else { nil }
    }

    var cause: Cause? {
        if case .tryAgain(_, _, let cause) = self { cause } else { nil }
    }
}
