import Synchronization

/// Whose turn it is among lines that have messages to be tried alone: while one channel has such a message, no other
/// has one, so that a crash is of nobody else's.
final class Trials: Sendable {
    /// Those that have not had their turn.
    private let lines = Mutex<[Line]>([])

    func begin(_ all: [Line]) {
        lines.withLock { $0 = all.sorted { $0.name > $1.name } }
        next()
    }

    /// Called under the lock of the line whose turn is over. It takes those of lines that come later, never the other
    /// way round.
    func next() {
        while let line = lines.withLock({ $0.popLast() }) {
            if line.trySuspects() { return }
        }
    }
}
