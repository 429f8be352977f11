import PluginKit
import Synchronization

extension Outcome {
    var isAccepted: Bool {
        if case .accepted = self { true } else { false }
    }

    var reason: String {
        switch self {
        case .accepted(let id): id
        case .tryAgain(_, let reason, _), .refused(let reason), .addressDead(_, let reason), .unknown(let reason, _):
            reason
        }
    }

    /// Whether it is tried again, without a wait of the channel's own.
    func triesAgain(_ cause: Cause, _ beginning: String) -> Bool {
        guard case .tryAgain(0, let reason, cause) = self else { return false }
        return reason.hasPrefix(beginning)
    }
}

/// What several threads said.
final class Collected<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])
    var all: [Element] { elements.withLock { $0 } }
    func append(_ element: Element) { elements.withLock { $0.append(element) } }
}
