import HTTPClient
import PluginKit

/// The payload of one push: `aps`, and beside it what is for the app.
enum APNsBody {
    private static let longest = 4_096

    static func bytes(of notification: Notification) throws(Notification.Unsendable) -> [UInt8] {
        var json = JSONWriter()
        json.raw("{")
        json.member("aps", .object(aps(of: notification, hasAlert: !notification.isBackground)))
        for member in notification.data { json.member(member.name, member.value) }
        if let url = notification.url { json.member("url", url) }
        if let image = notification.image { json.member("image", image) }
        if notification.isBackground {
            if let title = notification.title { json.member("title", title) }
            if let body = notification.body { json.member("body", body) }
        }
        json.name("triggerd")
        json.raw("{")
        json.member("campaign", notification.campaign)
        json.member("key", notification.key)
        json.raw("}}")
        guard json.bytes.count <= longest else {
            throw Notification.Unsendable(
                description: "the payload is of \(json.bytes.count) bytes; APNs takes \(longest)"
            )
        }
        return json.bytes
    }

    /// developer.apple.com, "Generating a remote notification".
    static func aps(of notification: Notification, hasAlert: Bool) -> [Value.Member] {
        var aps: [Value.Member] = []
        if notification.isBackground {
            aps.append(Value.Member("content-available", .integer(1)))
        } else {
            if hasAlert {
                let texts = [
                    ("title", notification.title), ("subtitle", notification.subtitle), ("body", notification.body),
                ]
                aps.append(Value.Member("alert", .object(texts.compactMap { name, text in member(name, text) })))
            }
            aps += [
                member("sound", notification.sound), member("category", notification.category),
                member("thread-id", notification.threadID),
                member("interruption-level", notification.interruptionLevel),
                notification.relevanceScore.map { Value.Member("relevance-score", .decimal($0)) },
                // The app's extension fetches the picture.
                notification.image.map { _ in Value.Member("mutable-content", .integer(1)) },
            ].compactMap(\.self)
        }
        if let badge = notification.badge { aps.append(Value.Member("badge", .integer(badge))) }
        return aps
    }

    private static func member(_ name: String, _ text: String?) -> Value.Member? {
        text.map { Value.Member(name, .string($0)) }
    }
}
