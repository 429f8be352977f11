import HTTPClient
import PluginKit
import Synchronization

/// Lets no request through to whom asked for quiet, or answers nothing on its connection: its messages are answered at
/// once and wait at the host. Whoever only cannot be reached is not kept here: the host lets it rest.
final class Gate: Sendable {
    private struct Quiet {
        var untilMs: Int64
        var reason: String
        var cause: Outcome.Cause
    }

    /// By whom asked: an origin, or "" where a service has one.
    private let quiet = Mutex<[String: Quiet]>([:])
    /// Origins come from profiles, and so from anybody.
    private static let mostQuiet = 10_000
    /// Where nothing is answered: looked again after that.
    private static let silentMs: Int64 = 1_000

    /// Nil: go on.
    func verdict(_ origin: String = "", nowMs: Int64) -> Verdict? {
        quiet.withLock { quiet in
            guard let kept = quiet[origin] else { return nil }
            guard kept.untilMs > nowMs else {
                quiet[origin] = nil
                return nil
            }
            return .again(afterMs: kept.untilMs - nowMs, kept.reason, kept.cause)
        }
    }

    /// After a verdict on an answer: for as long as was asked of more than its message. What is held meanwhile concerns
    /// itself alone: nothing was sent, and the host has heard the answer.
    func close(_ origin: String = "", after verdict: Verdict, nowMs: Int64) {
        // A verdict for good, or of a message alone, closes nothing.
        guard case .again(let waitMs, let reason, let cause) = verdict, waitMs > 0 else { return }
        guard cause == .throttled || cause == .unavailable else { return }
        close(origin, Quiet(untilMs: nowMs + waitMs, reason: reason, cause: .message), nowMs)
    }

    func close(_ origin: String = "", after fault: HTTPFault, nowMs: Int64) {
        guard case .silent = fault else { return }  // It was not reached: the host lets it rest.
        close(origin, Quiet(untilMs: nowMs + Self.silentMs, reason: fault.reason, cause: .unavailable), nowMs)
    }

    private func close(_ origin: String, _ new: Quiet, _ nowMs: Int64) {
        quiet.withLock { quiet in
            if quiet.count >= Self.mostQuiet { quiet = quiet.filter { $0.value.untilMs > nowMs } }
            // Beyond that nobody is kept, and one who is kept longer stays so.
            guard quiet.count < Self.mostQuiet, quiet[origin].map({ $0.untilMs < new.untilMs }) ?? true else { return }
            quiet[origin] = new
        }
    }
}
