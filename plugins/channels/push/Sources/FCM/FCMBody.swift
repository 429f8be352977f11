import HTTPClient
import PluginKit

/// A `messages:send` request's body.
enum FCMBody {
    /// Of `notification` and `data` together.
    private static let longest = 4_096
    static let longestToken = 4_096

    static func bytes(
        of notification: Notification,
        to token: String,
        nowSeconds: Int64
    ) throws(Notification.Unsendable) -> [UInt8] {
        var shown = JSONWriter()
        if !notification.isBackground {
            shown.raw("{")
            if let title = notification.title { shown.member("title", title) }
            if let body = notification.body { shown.member("body", body) }
            if let image = notification.image { shown.member("image", image) }
            shown.raw("}")
        }
        let data = data(of: notification)
        guard shown.bytes.count + data.count <= longest else {
            throw Notification.Unsendable(
                description: "title, body, image, url and data are of \(shown.bytes.count + data.count) bytes; "
                    + "FCM takes \(longest)"
            )
        }
        var json = JSONWriter()
        json.raw("{\"message\":{")
        json.member("token", token)
        if !notification.isBackground {
            json.name("notification")
            json.raw(shown.bytes)
        }
        json.name("data")
        json.raw(data)
        for (name, members) in FCMPlatforms.blocks(of: notification, nowSeconds: nowSeconds) where !members.isEmpty {
            json.member(name, .object(members))
        }
        json.raw("}}")
        return json.bytes
    }

    /// Every value is a string there: what is none is written as JSON.
    private static func data(of notification: Notification) -> [UInt8] {
        var json = JSONWriter()
        json.raw("{")
        for member in notification.data {
            json.member(
                member.name,
                member.value.string ?? String(decoding: JSONWriter.bytes(of: member.value), as: UTF8.self)
            )
        }
        if let url = notification.url { json.member("url", url) }
        if notification.isBackground {
            if let title = notification.title { json.member("title", title) }
            if let body = notification.body { json.member("body", body) }
            if let image = notification.image { json.member("image", image) }
        }
        json.member("triggerd_campaign", notification.campaign)
        json.member("triggerd_key", notification.key)
        json.raw("}")
        return json.bytes
    }
}
