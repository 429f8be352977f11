import Dispatch
import PluginKit
import Synchronization

/// Several carriers at work at once, one letter each.
///
/// The carrier that was used last is used first, so that few connections are kept where few are
/// needed.
package final class CarrierPool: Sendable {
    /// What a carrier is to do, and whom to tell.
    package struct Work: Sendable {
        package var letter: Letter
        /// The instant after which nobody waits for the outcome any more.
        package var deadlineMs: Int64
        package var complete: @Sendable (Outcome) -> Void

        package init(letter: Letter, deadlineMs: Int64, complete: @escaping @Sendable (Outcome) -> Void) {
            self.letter = letter
            self.deadlineMs = deadlineMs
            self.complete = complete
        }
    }

    private struct State {
        var idle: [Int]
        var waiting: [Work] = []
        var stopped = false
    }

    private let carriers: [any Carrier]
    private let queues: [DispatchQueue]
    private let timeoutMs: Int64
    private let state: Mutex<State>
    private let begun = DispatchGroup()

    /// The host begins no more sends than the channel's concurrency, so that few wait here: those
    /// that it began in the place of sends whose deadline has passed.
    static let mostWaiting = 1_000

    private static let stopWaitMs: Int64 = 5_000

    package init(_ carriers: [any Carrier], timeoutMs: Int64) {
        self.carriers = carriers
        self.timeoutMs = timeoutMs
        queues = carriers.indices.map { DispatchQueue(label: "triggerd.email.\($0)") }
        state = Mutex(State(idle: carriers.indices.reversed()))
    }

    /// Returns at once; `work.complete` is called exactly once, from any thread.
    package func begin(_ work: Work) {
        enum Step {
            case carry(Int)
            case wait
            case refuse(String)
        }
        begun.enter()
        let step: Step = state.withLock { state in
            if state.stopped { return .refuse("the channel stops") }
            if let carrier = state.idle.popLast() { return .carry(carrier) }
            if state.waiting.count >= Self.mostWaiting { return .refuse("too many messages wait for a connection") }
            state.waiting.append(work)
            return .wait
        }
        switch step {
        case .carry(let carrier): queues[carrier].async { self.carry(work, by: carrier) }
        case .wait: break
        case .refuse(let reason): end(work, .tryAgain(after: Self.stopWaitMs, reason))
        }
    }

    /// Returns when everything that was begun is completed.
    package func drain() { begun.wait() }

    /// Ends what is under way and what waits, and completes it all as to be tried again.
    package func stop() {
        let waiting = state.withLock { state in
            state.stopped = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for work in waiting { end(work, .tryAgain(after: Self.stopWaitMs, "the channel stops")) }
        for carrier in carriers { carrier.abort() }
        begun.wait()
    }

    private func carry(_ first: Work, by carrier: Int) {
        var next: Work? = first
        while let work = next {
            let nowMs = Clock.nowMs()
            let leftMs = work.deadlineMs - nowMs
            // The host has answered for it already; it comes again, and would be sent twice.
            let outcome =
                leftMs <= 0
                ? Outcome.tryAgain(after: 0, "no connection was free before the deadline")
                : carriers[carrier].carry(work.letter, dateMs: nowMs, withinMs: min(leftMs, timeoutMs))
            end(work, outcome)
            next = state.withLock { state in
                guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
                state.idle.append(carrier)
                return nil
            }
        }
    }

    private func end(_ work: Work, _ outcome: Outcome) {
        work.complete(outcome)
        begun.leave()
    }
}
