import PluginKit

/// A letter to be carried, and whom to tell what became of it.
package final class Delivery: Sendable {
    package let letter: Letter
    /// The instant, in milliseconds since 1970, after which nobody waits for the outcome any more.
    package let deadlineMs: Int64
    private let completion: @Sendable (Outcome, _ deadAddresses: [String]) -> Void

    package init(
        _ letter: Letter,
        deadlineMs: Int64,
        completion: @escaping @Sendable (Outcome, _ deadAddresses: [String]) -> Void
    ) {
        self.letter = letter
        self.deadlineMs = deadlineMs
        self.completion = completion
    }

    /// Once.
    package func end(_ outcome: Outcome, deadAddresses: [String] = []) {
        completion(outcome, deadAddresses)
    }

    /// The host answers at the deadline by itself, and knows less than the channel.
    private static let marginMs: Int64 = 250

    /// How long it may take; nil, and ended, where its time is over: the host has answered for it or is about to, it
    /// comes again, and would be sent twice.
    func leftMs(_ nowMs: Int64) -> Int64? {
        let leftMs = deadlineMs - nowMs - Self.marginMs
        if leftMs > 0 { return leftMs }
        end(.tryAgain(after: 0, "no connection was free before the deadline", cause: .throttled))
        return nil
    }
}
