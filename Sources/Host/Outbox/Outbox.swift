import Engine
import Foundation
import Logging
import Storage

/// Hands claimed messages to their channels, tries again what was not accepted, and tells the engine's thread every
/// outcome. What it holds in memory is a window on the outbox of the store, which survives it.
final class Outbox: @unchecked Sendable {
    private struct Pending {
        var message: OutboxMessage
        var attempts = 0
    }

    private struct Lane {
        var channel: ChannelInstance
        var ready: [Pending] = []
        var underWay = 0
    }

    // Everything below is read and written under `condition` alone.
    private let condition = NSCondition()
    private var lanes: [String: Lane]
    private var delayed: [(at: Instant, pending: Pending)] = []
    /// The keys in memory, until the store no longer has them: nothing is read twice.
    private var held: Set<String> = []
    private var hasMoreInStore = true
    private var readAfter: String?
    private var isStopping = false
    private var isOver = false

    private let store: any Store
    private let clock: Clock
    private let limits: HostLimits
    private let logger: Logger
    /// Set once, before anything runs.
    var settle: @Sendable (Work) -> Void = { _ in }

    init(
        channels: [String: ChannelInstance],
        store: any Store,
        limits: HostLimits,
        clock: Clock,
        logger: Logger
    ) {
        lanes = channels.mapValues { Lane(channel: $0) }
        self.store = store
        self.limits = limits
        self.clock = clock
        self.logger = logger
    }

    /// Messages that are on disk as claimed. Those for which the window has no room are read again later.
    func handOver(_ messages: [OutboxMessage]) {
        guard !messages.isEmpty else { return }
        condition.lock()
        defer { condition.unlock() }
        for message in messages {
            if held.count >= limits.outboxWindow { hasMoreInStore = true } else { take(message) }
        }
        condition.signal()
    }

    /// The store has recorded their outcomes.
    func recorded(_ keys: [String]) {
        guard !keys.isEmpty else { return }
        condition.lock()
        for key in keys { held.remove(key) }
        condition.signal()
        condition.unlock()
    }

    /// Until `stop`.
    func run() {
        condition.lock()
        while !isStopping {
            refill()
            promote()
            let sends = takeReady()
            guard sends.isEmpty else {
                condition.unlock()
                for send in sends { begin(send) }
                condition.lock()
                continue
            }
            let next = delayed.map(\.at).min() ?? .never
            let wait = next == .never ? Length.seconds(3_600) : next - clock.now()
            if wait > .zero {
                _ = condition.wait(until: Date(timeIntervalSinceNow: Double(wait.milliseconds) / 1_000))
            }
        }
        isOver = true
        condition.broadcast()
        condition.unlock()
    }

    /// Hands nothing over any more; what is under way is completed by its channel first.
    func stop() {
        condition.lock()
        isStopping = true
        condition.broadcast()
        while !isOver { condition.wait() }
        let channels = lanes.values.map(\.channel)
        condition.unlock()
        for channel in channels {
            channel.drain()
            channel.stop()
        }
    }

    private func take(_ message: OutboxMessage) {
        guard held.insert(message.key).inserted else { return }
        guard lanes[message.channel] != nil else {
            logger.error("a message waits for the channel \(message.channel), which is not loaded")
            return
        }
        lanes[message.channel]?.ready.append(Pending(message: message))
    }

    private func refill() {
        while hasMoreInStore, held.count < limits.outboxWindow / 2 {
            do {
                let read = try store.outbox(after: readAfter, limit: limits.outboxWindow / 2)
                for message in read { take(message) }
                readAfter = read.last?.key
                if read.count < limits.outboxWindow / 2 {
                    hasMoreInStore = false
                    readAfter = nil
                }
            } catch {
                logger.error("the outbox cannot be read: \(error)")
                return
            }
        }
    }

    private func promote() {
        guard !delayed.isEmpty else { return }
        let now = clock.now()
        for entry in delayed where entry.at <= now {
            lanes[entry.pending.message.channel]?.ready.append(entry.pending)
        }
        delayed.removeAll { $0.at <= now }
    }

    private func takeReady() -> [(ChannelInstance, Pending)] {
        var taken: [(ChannelInstance, Pending)] = []
        for name in lanes.keys.sorted() {
            guard let lane = lanes[name] else { continue }
            let count = min(lane.ready.count, lane.channel.concurrency - lane.underWay)
            guard count > 0 else { continue }
            taken += lane.ready.prefix(count).map { (lane.channel, $0) }
            lanes[name]?.ready.removeFirst(count)
            lanes[name]?.underWay += count
        }
        return taken
    }

    private func begin(_ send: (channel: ChannelInstance, pending: Pending)) {
        let (channel, pending) = send
        channel.send(pending.message) { [self] outcome in
            ended(pending, outcome)
        }
    }

    private func ended(_ pending: Pending, _ outcome: ChannelOutcome) {
        let message = pending.message
        var result: DeliveryOutcome?
        condition.lock()
        lanes[message.channel]?.underWay -= 1
        switch outcome {
        case .accepted(let id): result = .accepted(id: id)
        case .refused(let reason): result = .refused(reason: reason)
        case .addressDead(let address, let reason): result = .addressDead(address: address, reason: reason)
        case .tryAgain(let wait, let reason):
            let now = clock.now()
            // 13, Hand-over: not accepted within 72 h.
            if now - message.claimedAt >= limits.givesUpAfter {
                result = .gaveUp(reason: reason)
            } else {
                var next = pending
                next.attempts += 1
                let pause = max(wait, limits.pause(beforeAttempt: next.attempts))
                delayed.append((now + pause, next))
                logger.notice(
                    "a message is tried again",
                    metadata: [
                        "channel": "\(message.channel)", "key": "\(message.key)", "in": "\(pause)",
                        "reason": "\(reason)",
                    ]
                )
            }
        }
        condition.signal()
        condition.unlock()
        if let result {
            settle(.settle(message.user, send: message.send, channel: message.channel, result))
        }
    }
}
