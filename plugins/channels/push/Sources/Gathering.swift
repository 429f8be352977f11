import Synchronization

/// The verdicts on one message's tokens, until the last is there.
final class Gathering: Sendable {
    private let tokens: [String]
    private let done: @Sendable (Delivery) -> Void
    private let state: Mutex<State>

    private struct State {
        var verdicts: [(service: String, verdict: Verdict)?]
        var missing: Int
    }

    init(_ tokens: [String], _ done: @escaping @Sendable (Delivery) -> Void) {
        self.tokens = tokens
        self.done = done
        state = Mutex(State(verdicts: Array(repeating: nil, count: tokens.count), missing: tokens.count))
    }

    /// Once for each token.
    func set(_ index: Int, _ service: String, _ verdict: Verdict) {
        let all = state.withLock { state in
            state.verdicts[index] = (service, verdict)
            state.missing -= 1
            return state.missing == 0 ? state.verdicts.compactMap { $0 } : nil
        }
        if let all { done(Delivery(tokens, all)) }
    }
}
