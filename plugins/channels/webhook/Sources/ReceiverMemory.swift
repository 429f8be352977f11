import Cryptography
import HTTPClient
import PluginKit
import Synchronization

/// What is remembered of receivers from one try to the next, until the daemon ends: which URLs said that they are gone,
/// and how often one refused a message in a way that may pass.
final class ReceiverMemory: Sendable {
    /// When a URL that answered 410 may be asked again, by its digest: others on its host may be well. One that was asked
    /// again since stays: its messages keep their order.
    private let gone = Mutex<[[UInt8]: Int64]>([:])
    private let refusals = Mutex<[String: Int]>([:])

    /// Whether the URL ever said so.
    func knowsGone(_ url: String) -> Bool { gone.withLock { !$0.isEmpty && $0[Self.digest(url)] != nil } }

    /// How long the URL is left alone; nil: it is not.
    func restMs(_ url: String, nowMs: Int64) -> Int64? {
        gone.withLock { gone in
            guard !gone.isEmpty, let untilMs = gone[Self.digest(url)], untilMs > nowMs else { return nil }
            // A clock that was set back lets nobody rest for ever.
            return min(untilMs - nowMs, WebhookLimits.goneMs)
        }
    }

    func leaveAlone(_ url: String, nowMs: Int64) {
        gone.withLock { gone in
            let digest = Self.digest(url)
            if gone[digest] == nil, gone.count >= WebhookLimits.mostRemembered,
                let oldest = gone.min(by: { $0.value < $1.value })
            {
                gone[oldest.key] = nil
            }
            gone[digest] = nowMs + WebhookLimits.goneMs
        }
    }

    /// How often the message was refused, with this time.
    func refused(_ key: String) -> Int {
        refusals.withLock { refusals in
            if refusals.count >= WebhookLimits.mostRemembered { refusals = [:] }
            refusals[key, default: 0] += 1
            return refusals[key, default: 1]
        }
    }

    /// The message is tried no more.
    func forget(_ key: String) {
        refusals.withLock { if !$0.isEmpty { $0[key] = nil } }
    }

    private static func digest(_ url: String) -> [UInt8] { SHA256.digest(of: Array(url.utf8)) }
}
