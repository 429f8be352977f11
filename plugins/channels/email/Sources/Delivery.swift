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

    /// How long it may take; nil, and ended, where its deadline has passed: the host has answered for it already, it
    /// comes again, and would be sent twice.
    func leftMs(_ nowMs: Int64) -> Int64? {
        if deadlineMs > nowMs { return deadlineMs - nowMs }
        end(.tryAgain(after: 0, "no connection was free before the deadline", cause: .throttled))
        return nil
    }
}
