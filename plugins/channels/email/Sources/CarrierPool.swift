import DequeModule
import Dispatch
import PluginKit
import Synchronization

/// Several carriers at work at once.
///
/// The carrier that was used last is used first, so that few connections are kept where few are needed. One that is
/// at work takes the letters that wait, as soon as it can begin another.
package final class CarrierPool: Sendable {
    private struct State {
        var idle: [Int]
        var waiting: Deque<Delivery> = []
        var stopped = false
    }

    private let carriers: [any Carrier]
    private let queues: [DispatchQueue]
    private let state: Mutex<State>
    private let begun = DispatchGroup()
    // Made ready before anybody else has it; cancelling is safe from any thread.
    private nonisolated(unsafe) let ageing: any DispatchSourceTimer

    /// The host begins no more sends than the channel's concurrency, so that few wait here: those
    /// that it began in the place of sends whose deadline has passed.
    static let mostWaiting = 1_000

    /// A connection that was idle for longer is closed: the server may be doing so.
    package static let longestIdleMs: Int64 = 30_000

    package init(_ carriers: [any Carrier]) {
        self.carriers = carriers
        queues = carriers.indices.map { DispatchQueue(label: "triggerd.email.\($0)") }
        state = Mutex(State(idle: carriers.indices.reversed()))
        ageing = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "triggerd.email.ageing"))
        ageing.schedule(deadline: .now() + .seconds(5), repeating: .seconds(5), leeway: .seconds(1))
        ageing.setEventHandler { [weak self] in self?.rest(unusedSince: Clock.monotonicMs() - Self.longestIdleMs) }
        ageing.activate()
    }

    deinit { ageing.cancel() }

    /// Returns at once; `completion` is called exactly once, from any thread.
    package func begin(
        _ letter: Letter,
        deadlineMs: Int64,
        completion: @escaping @Sendable (Outcome, _ deadAddresses: [String]) -> Void
    ) {
        enum Step {
            case carry(Int)
            case wait
            case refuse(String)
        }
        begun.enter()
        let delivery = Delivery(letter, deadlineMs: deadlineMs) { [begun] outcome, dead in
            completion(outcome, dead)
            begun.leave()
        }
        let step: Step = state.withLock { state in
            if state.stopped { return .refuse(Self.stopping) }
            if let carrier = state.idle.popLast() { return .carry(carrier) }
            if state.waiting.count >= Self.mostWaiting { return .refuse("too many messages wait for a connection") }
            state.waiting.append(delivery)
            return .wait
        }
        switch step {
        case .carry(let carrier): queues[carrier].async { self.carry(delivery, by: carrier) }
        case .wait: break
        case .refuse(let reason): delivery.end(.tryAgain(after: 0, reason, cause: .throttled))
        }
    }

    static let stopping = "the channel stops"

    /// Returns when everything that was begun is completed.
    package func drain() { begun.wait() }

    /// Ends what is under way and what waits, and completes it all as to be tried again or as unknown; closes the
    /// connections.
    package func stop() {
        let waiting = state.withLock { state in
            state.stopped = true
            defer { state.waiting = [] }
            return state.waiting
        }
        ageing.cancel()
        for delivery in waiting { delivery.end(.tryAgain(after: 0, Self.stopping, cause: .throttled)) }
        let busy = state.withLock { state in carriers.indices.filter { !state.idle.contains($0) } }
        for carrier in busy { carriers[carrier].abort() }
        begun.wait()
        let rested = DispatchGroup()
        for (carrier, queue) in zip(carriers, queues) { queue.async(group: rested) { carrier.rest(unusedSince: .max) } }
        rested.wait()
    }

    /// Closes the connections that nobody has used since.
    package func rest(unusedSince instant: Int64) {
        for index in state.withLock({ $0.idle }) {
            // On its queue no letter is carried meanwhile.
            queues[index].async { self.carriers[index].rest(unusedSince: instant) }
        }
    }

    private func carry(_ first: Delivery, by carrier: Int) {
        var next: Delivery? = first
        while let delivery = next {
            carriers[carrier].carry(delivery) { self.state.withLock { $0.waiting.popFirst() } }
            next = state.withLock { state in
                if let waiting = state.waiting.popFirst() { return waiting }
                state.idle.append(carrier)
                return nil
            }
        }
    }
}
