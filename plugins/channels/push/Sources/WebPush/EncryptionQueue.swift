import DequeModule
import Dispatch
import Foundation
import Synchronization

/// Encrypts on every core, several pushes at a stroke: no thread is woken for each, neither one of these nor the HTTP
/// client's.
final class EncryptionQueue: Sendable {
    /// Encrypts, and gives what hands the result on.
    typealias Encryption = @Sendable () -> () -> Void

    private struct State {
        var waiting: Deque<Encryption> = []
        /// Working, or about to.
        var threads = 0
    }

    private let state = Mutex(State())
    private let threads = DispatchQueue(label: "triggerd.webpush", attributes: .concurrent)
    private let mostThreads = max(1, ProcessInfo.processInfo.activeProcessorCount)

    /// The first waits for the last, about a millisecond.
    private static let longestStroke = 16

    func add(_ encryption: @escaping Encryption) {
        let isMoreWanted = state.withLock { state in
            state.waiting.append(encryption)
            guard state.threads < mostThreads else { return false }  // One of them comes to it.
            state.threads += 1
            return true
        }
        if isMoreWanted { threads.async { self.run() } }
    }

    private func run() {
        while let stroke = next() {
            let encrypted = stroke.map { $0() }
            for handOn in encrypted { handOn() }
        }
    }

    /// Nil: this thread is no more needed.
    private func next() -> [Encryption]? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.threads -= 1
                return nil
            }
            // Where little waits each thread has its share.
            let share = (state.waiting.count + mostThreads - 1) / mostThreads
            let stroke = Array(state.waiting.prefix(min(share, Self.longestStroke)))
            state.waiting.removeFirst(stroke.count)
            return stroke
        }
    }
}
