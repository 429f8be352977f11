import HTTPClient
import PluginKit

/// What the page's service worker is given: JSON with the message's fields.
enum WebPushBody {
    static func bytes(of notification: Notification) -> [UInt8] {
        var json = JSONWriter()
        json.raw("{")
        if let title = notification.title { json.member("title", title) }
        if let body = notification.body { json.member("body", body) }
        if let image = notification.image { json.member("image", image) }
        // In the background nothing is shown: they would be of no use.
        if let icon = notification.webIcon, !notification.isBackground { json.member("icon", icon) }
        if let tag = notification.tag, !notification.isBackground { json.member("tag", tag) }
        if let url = notification.url { json.member("url", url) }
        if let badge = notification.badge { json.member("badge", .integer(badge)) }
        if notification.isBackground { json.member("background", .boolean(true)) }
        if !notification.data.isEmpty { json.member("data", .object(notification.data)) }
        json.name("triggerd")
        json.raw("{")
        json.member("campaign", notification.campaign)
        json.member("key", notification.key)
        json.raw("}}")
        return json.bytes
    }
}
