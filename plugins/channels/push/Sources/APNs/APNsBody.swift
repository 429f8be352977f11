import HTTPClient
import PluginKit

/// The payload of one push: `aps`, and beside it what is for the app.
enum APNsBody {
    private static let longest = 4_096

    static func bytes(of notification: Notification) throws(Notification.Unsendable) -> [UInt8] {
        var json = JSONWriter()
        json.raw("{\"aps\":{")
        if notification.isBackground {
            json.member("content-available", .integer(1))
        } else {
            json.name("alert")
            json.raw("{")
            if let title = notification.title { json.member("title", title) }
            if let body = notification.body { json.member("body", body) }
            json.raw("}")
            if let sound = notification.sound { json.member("sound", sound) }
            if let category = notification.category { json.member("category", category) }
            // The app's extension fetches the picture.
            if notification.image != nil { json.member("mutable-content", .integer(1)) }
        }
        if let badge = notification.badge { json.member("badge", .integer(badge)) }
        json.raw("}")
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
}
