/// One provider behind the channel.
protocol PushService: Sendable {
    var name: ServiceName { get }
    /// Whose pace a token is of. Costs little.
    func label(of token: Substring) -> String
    /// Begins to send to one token and returns; `done` is called exactly once, from any thread.
    /// Nobody waits for it after the instant `deadlineMs`, in milliseconds since 1970.
    func push(
        _ notification: Notification,
        to token: PushToken,
        before deadlineMs: Int64,
        _ done: @escaping @Sendable (Verdict) -> Void
    )
    /// Ends what is under way, and completes it.
    func stop()
}

extension PushService {
    func label(of token: Substring) -> String { name.rawValue }
}

/// A token as a profile has it.
struct PushToken: Sendable {
    /// Without its prefix.
    var text: Substring
    /// Since when, in milliseconds since 1970; 0 where nobody knows.
    var sinceMs: Int64
}

/// The services, by what stands before a token's colon.
package enum ServiceName: String, Sendable, CaseIterable {
    case fcm, apns, webpush

    init?(of token: String) {
        guard let colon = token.firstIndex(of: ":") else { return nil }
        self.init(rawValue: String(token[..<colon]))
    }

    /// What switches it on.
    var setting: String {
        switch self {
        case .fcm: "push.fcm_service_account"
        case .apns: "push.apns_key"
        case .webpush: "push.webpush_key"
        }
    }
}
