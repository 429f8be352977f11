import Synchronization

/// One token for each push service, for half of its life.
final class VAPIDTokens: Sendable {
    private let key: VAPIDKey
    private let subject: String
    private let made = Mutex<[String: (value: String, untilSeconds: Int64)]>([:])

    /// Origins come from profiles, and so from anybody.
    private static let most = 1_000

    init(_ key: VAPIDKey, subject: String) {
        self.key = key
        self.subject = subject
    }

    func authorization(origin: String, nowSeconds: Int64) throws -> String {
        try made.withLock { made in
            // A clock that was set back must not keep a token for ever.
            if let kept = made[origin],
                (1...VAPIDKey.lifeSeconds / 2).contains(kept.untilSeconds - nowSeconds)
            {
                return kept.value
            }
            if made.count >= Self.most { made = [:] }
            let value = try key.authorization(origin: origin, subject: subject, nowSeconds: nowSeconds)
            made[origin] = (value, nowSeconds + VAPIDKey.lifeSeconds / 2)
            return value
        }
    }
}
