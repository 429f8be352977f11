import HTTPClient
import PluginKit

/// What an FCM message says to one platform alone: `AndroidConfig`, `ApnsConfig` and `WebpushConfig` of
/// firebase.google.com/docs/reference/fcm/rest/v1/projects.messages. A token does not tell which platform it is of, so
/// each is given what it has a field for.
enum FCMPlatforms {
    static func blocks(of notification: Notification, nowSeconds: Int64) -> [(name: String, members: [Value.Member])] {
        [
            ("android", android(notification)), ("apns", apns(notification, nowSeconds)),
            ("webpush", webpush(notification)),
        ]
    }

    private static func android(_ notification: Notification) -> [Value.Member] {
        var own = strings([
            ("collapse_key", notification.collapseKey),
            ("priority", notification.urgency.map { $0 == .high ? "HIGH" : "NORMAL" }),
            ("ttl", notification.ttlSeconds.map { "\($0)s" }),
        ])
        guard !notification.isBackground else { return own }
        var shown = strings([
            ("sound", notification.sound), ("channel_id", notification.androidChannel),
            ("icon", notification.drawable), ("tag", notification.tag),
        ])
        if let badge = notification.badge { shown.append(Value.Member("notification_count", .integer(badge))) }
        own += object("notification", shown)
        return own
    }

    /// Firebase itself makes the alert of title and body; it knows no subtitle, and sends nothing in the background
    /// unless it is told to.
    private static func apns(_ notification: Notification, _ nowSeconds: Int64) -> [Value.Member] {
        let headers = strings([
            ("apns-push-type", notification.isBackground ? "background" : nil),
            ("apns-priority", APNsHeaders.priority(of: notification).map { "\($0)" }),
            ("apns-expiration", APNsHeaders.expiration(of: notification, nowSeconds).map { "\($0)" }),
            ("apns-collapse-id", APNsHeaders.collapseID(of: notification)),
        ])
        let aps = APNsBody.aps(of: notification, hasAlert: notification.subtitle != nil)
        var own = object("headers", headers) + object("payload", object("aps", aps))
        if !notification.isBackground, let image = notification.image {
            own.append(Value.Member("fcm_options", .object([Value.Member("image", .string(image))])))
        }
        return own
    }

    private static func webpush(_ notification: Notification) -> [Value.Member] {
        let headers = strings([
            ("TTL", notification.ttlSeconds.map { "\($0)" }), ("Urgency", notification.urgency?.rawValue),
            ("Topic", notification.collapseKey.map(WebPushHeaders.topic)),
        ])
        guard !notification.isBackground else { return object("headers", headers) }
        let shown = strings([("icon", notification.webIcon), ("tag", notification.tag)])
        // FCM takes no other link.
        let link = notification.url.flatMap { $0.lowercased().hasPrefix("https://") ? $0 : nil }
        return object("headers", headers) + object("notification", shown)
            + object("fcm_options", strings([("link", link)]))
    }

    private static func strings(_ members: [(String, String?)]) -> [Value.Member] {
        members.compactMap { name, text in text.map { Value.Member(name, .string($0)) } }
    }

    /// Nothing, where there would be nothing in it.
    private static func object(_ name: String, _ members: [Value.Member]) -> [Value.Member] {
        members.isEmpty ? [] : [Value.Member(name, .object(members))]
    }
}
