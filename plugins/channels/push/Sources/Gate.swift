import HTTPClient
import PluginKit
import Synchronization

/// Lets no request through to whom asked for quiet: its messages are answered at once and wait at the host, so that
/// they take no place from another service's.
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
    /// Where nothing listens, or nothing is answered: looked again after that.
    static let unreachableMs: Int64 = 1_000

    /// Nil: go on.
    func verdict(_ origin: String = "", nowMs: Int64) -> Verdict? {
        quiet.withLock { quiet in
            guard let asked = quiet[origin] else { return nil }
            guard asked.untilMs > nowMs else {
                quiet[origin] = nil
                return nil
            }
            return .again(afterMs: asked.untilMs - nowMs, asked.reason, asked.cause)
        }
    }

    /// After an answer or a fault that concerns more than its message.
    func close(_ origin: String = "", forMs: Int64, nowMs: Int64, _ reason: String, _ cause: Outcome.Cause) {
        guard forMs > 0 else { return }
        quiet.withLock { quiet in
            if quiet.count >= Self.mostQuiet { quiet = quiet.filter { $0.value.untilMs > nowMs } }
            guard quiet.count < Self.mostQuiet, quiet[origin].map({ $0.untilMs < nowMs + forMs }) ?? true else {
                return
            }
            quiet[origin] = Quiet(untilMs: nowMs + forMs, reason: reason, cause: cause)
        }
    }

    func close(_ origin: String = "", after fault: HTTPFault, nowMs: Int64, _ cause: Outcome.Cause) {
        switch fault {
        case .unreachable, .tls, .timeout(sent: false):
            close(origin, forMs: Self.unreachableMs, nowMs: nowMs, fault.reason, cause)
        case .timeout(sent: true), .broken, .notTaken, .stopped, .local: break
        }
    }
}
