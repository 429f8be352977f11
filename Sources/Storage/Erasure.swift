import Engine
import Synchronization

/// That a user was forgotten: what was kept of them before is not shown any more, and leaves the disk when the tables
/// that hold it are next rewritten. Who comes back under the same id is somebody new.
package struct Erasure: Hashable, Sendable {
    package var at: Instant
    /// Events of that instant and lower numbers, and earlier ones, were of who was forgotten.
    package var eventsBefore: UInt64
    /// As were decisions, items and dead letters of lower numbers.
    package var numbersBefore: UInt64

    package init(at: Instant, eventsBefore: UInt64, numbersBefore: UInt64) {
        (self.at, self.eventsBefore, self.numbersBefore) = (at, eventsBefore, numbersBefore)
    }

    package func coversEvent(_ receivedAt: Instant, _ sequence: UInt64) -> Bool {
        (receivedAt, sequence) < (at, eventsBefore)
    }

    package func covers(_ number: UInt64) -> Bool { number < numbersBefore }
}

/// The users who were forgotten and of whom something may still be on disk. Hardly ever any.
package final class Erasures: Sendable {
    private let pending = Mutex<[UserID: Erasure]>([:])

    package init() {}

    package var all: [UserID: Erasure] { pending.withLock { $0 } }
    package var isEmpty: Bool { pending.withLock(\.isEmpty) }
    package var oldest: Instant? { pending.withLock { $0.values.lazy.map(\.at).min() } }

    package func apply(_ changes: Changes) {
        // Most commits say nothing of erasures: they need no lock.
        guard !changes.erasures.isEmpty || !changes.erasuresEnded.isEmpty else { return }
        pending.withLock { pending in
            for (user, erasure) in changes.erasures { pending[user] = erasure }
            for user in changes.erasuresEnded { pending[user] = nil }
        }
    }

    package func replace(_ all: [UserID: Erasure]) { pending.withLock { $0 = all } }

    package func hides(_ user: UserID, number: UInt64) -> Bool {
        pending.withLock { $0.isEmpty ? false : $0[user]?.covers(number) ?? false }
    }

    package func hides(_ event: StoredEvent) -> Bool {
        pending.withLock { $0.isEmpty ? false : $0[event.user]?.coversEvent(event.receivedAt, event.sequence) ?? false }
    }

    package func hides(_ stored: StoredDecision) -> Bool {
        hides(stored.decision.user, number: stored.decision.sequence)
    }

    package func hides(_ letter: DeadLetter) -> Bool { hides(letter.message.user, number: letter.message.number) }

    package func hides(_ record: Record) -> Bool {
        switch record {
        case .event(let event): hides(event)
        case .decision(let stored): hides(stored)
        case .item(let id, let receipt): hides(id.user, number: receipt.firstDecision)
        case .failed(let letter): hides(letter)
        case .user, .timer, .outbox, .campaign, .tally, .token: false
        }
    }
}
