import HTTPClient
import PluginKit

/// A push message's fields, checked.
package struct Notification: Sendable {
    /// The message's, the same for every try.
    package var key: String
    package var campaign: String
    /// 1 for the first try.
    package var attempt: Int
    package var witness: Trust.Witness
    package var title: String?
    package var body: String?
    package var subtitle: String?
    package var image: String?
    /// The name of a drawable of the app's on Android, or a URL for the web.
    package var icon: String?
    package var url: String?
    package var data: [Value.Member]
    package var ttlSeconds: Int64?
    package var urgency: Urgency?
    package var collapseKey: String?
    package var tag: String?
    package var threadID: String?
    package var interruptionLevel: String?
    package var relevanceScore: Double?
    package var isBackground: Bool
    package var sound: String?
    package var badge: Int64?
    package var category: String?
    package var androidChannel: String?

    package enum Urgency: String, Sendable {
        case high, normal
    }

    /// Why it can never be sent.
    package struct Unsendable: Error, CustomStringConvertible {
        package let description: String
    }

    /// FCM keeps a message for 28 days at most, web push services mostly less.
    static let longestTTLSeconds: Int64 = 2_419_200

    package static let fields = [
        Field(name: "title", type: .string, flags: .template, summary: "The first line."),
        Field(name: "subtitle", type: .string, flags: .template, summary: "Apple: between title and body."),
        Field(name: "body", type: .string, flags: .template, summary: "The text."),
        Field(name: "image", type: .string, flags: .template, summary: "The URL of a picture."),
        Field(
            name: "icon",
            type: .string,
            flags: .template,
            summary: "Web: the URL of a small picture; Android: the name of a drawable."
        ),
        Field(name: "url", type: .string, flags: .template, summary: "Where a tap leads."),
        Field(name: "data", type: .any, flags: .template, summary: "An object for the app."),
        Field(name: "ttl_seconds", type: .integer, summary: "How long the service keeps it, 0 to 2419200."),
        Field(name: "urgency", type: .string, oneOf: ["high", "normal"], summary: "Whether it wakes the device."),
        Field(name: "collapse_key", type: .string, flags: .template, summary: "A later one replaces an earlier."),
        Field(name: "tag", type: .string, flags: .template, summary: "A later one replaces an earlier that is shown."),
        Field(name: "thread_id", type: .string, flags: .template, summary: "Apple: what is shown as one group."),
        Field(
            name: "interruption_level",
            type: .string,
            oneOf: ["passive", "active", "time-sensitive", "critical"],
            summary: "Apple: how far it may interrupt."
        ),
        Field(name: "relevance_score", type: .number, summary: "Apple: its place in a summary, 0 to 1."),
        Field(name: "background", type: .boolean, summary: "For the app alone: nothing is shown."),
        Field(name: "sound", type: .string, summary: "A sound of the app's, or `default`."),
        Field(name: "badge", type: .integer, summary: "The number on the app's icon."),
        Field(name: "category", type: .string, summary: "APNs: the category, with its buttons."),
        Field(name: "android_channel", type: .string, summary: "Android: the notification channel."),
    ]

    package init(_ message: Message) throws(Unsendable) {
        try self.init(
            key: message.key,
            campaign: message.campaign,
            attempt: message.attempt,
            witness: Trust.Witness(user: message.user, attempt: message.attempt, isInDoubt: message.isInDoubt),
            fields: .object(message.fields)
        )
        if !isBackground, title == nil, body == nil {
            throw Unsendable(description: "title and body are both empty; with background: true it shows nothing")
        }
    }

    /// When a campaign is applied: what no template can change any more.
    package static func check(_ fields: Value) throws {
        do throws(Unsendable) {
            let nobody = Trust.Witness(user: "", attempt: 1, isInDoubt: false)
            let notification = try Notification(key: "", campaign: "", attempt: 1, witness: nobody, fields: fields)
            if let image = notification.image, !isTemplate(image) { try checkAddress("image", image) }
            // A page's own icon may stand without its host, one of Android's is no address.
            if let icon = notification.icon, !isTemplate(icon), isOfTheWeb(icon) { try checkAddress("icon", icon) }
            // A tap may lead into the app, by a scheme of its own.
            if let url = notification.url, !isTemplate(url), isOfTheWeb(url) { try checkAddress("url", url) }
        } catch {
            throw PluginError(error.description)
        }
    }

    private init(
        key: String,
        campaign: String,
        attempt: Int,
        witness: Trust.Witness,
        fields: Value
    ) throws(Unsendable) {
        func text(_ name: String) -> String? { fields[name]?.string.flatMap { $0.isEmpty ? nil : $0 } }

        self.key = key
        self.campaign = campaign
        self.attempt = attempt
        self.witness = witness
        title = text("title")
        body = text("body")
        subtitle = text("subtitle")
        icon = text("icon")
        tag = text("tag")
        threadID = text("thread_id")
        interruptionLevel = text("interruption_level")
        image = text("image")
        url = text("url")
        urgency = text("urgency").flatMap { Urgency(rawValue: $0) }
        collapseKey = text("collapse_key")
        isBackground = fields["background"]?.boolean ?? false
        sound = text("sound")
        category = text("category")
        androidChannel = text("android_channel")
        ttlSeconds = fields["ttl_seconds"]?.integer
        if let ttlSeconds, !(0...Self.longestTTLSeconds).contains(ttlSeconds) {
            throw Unsendable(description: "ttl_seconds: \(ttlSeconds) is not within 0 to \(Self.longestTTLSeconds)")
        }
        badge = fields["badge"]?.integer
        if let badge, !(0...Int64(Int32.max)).contains(badge) {
            throw Unsendable(description: "badge: \(badge) is not within 0 to \(Int32.max)")
        }
        relevanceScore = fields["relevance_score"]?.number
        if let relevanceScore, !(0...1).contains(relevanceScore) {
            throw Unsendable(description: "relevance_score: \(relevanceScore) is not within 0 to 1")
        }
        switch fields["data"] {
        case nil, .null?: data = []
        case .object(let members)?: data = members
        default: throw Unsendable(description: "data: it must be an object")
        }
        if let reserved = data.first(where: { Self.isReserved($0.name) }) {
            throw Unsendable(description: "data.\(reserved.name): the name is kept for the services' own use")
        }
    }

    /// The icon, where it is a name that a drawable may have.
    var drawable: String? { icon.flatMap { Self.isDrawable($0) ? $0 : nil } }

    /// The icon, where it is an address.
    var webIcon: String? { icon.flatMap { Self.isDrawable($0) ? nil : $0 } }

    private static func isDrawable(_ icon: String) -> Bool {
        icon.unicodeScalars.allSatisfy {
            $0 == "_" || $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0))
        }
    }

    /// What APNs and FCM take for themselves, and what this channel adds.
    private static func isReserved(_ name: String) -> Bool {
        ["aps", "from", "message_type", "collapse_key", "title", "body", "image", "url", "triggerd"].contains(name)
            || ["google.", "gcm.", "triggerd_"].contains { name.hasPrefix($0) }
    }

    private static func isTemplate(_ text: String) -> Bool { text.contains("{{") || text.contains("{%") }

    private static func isOfTheWeb(_ text: String) -> Bool {
        ["https:", "http:"].contains { text.lowercased().hasPrefix($0) }
    }

    private static func checkAddress(_ field: String, _ text: String) throws(Unsendable) {
        // A fragment is the browser's business; its own marks are as good as a query's.
        let query = text.contains("?") ? "&" : "?"
        let whole = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).joined(separator: query)
        do throws(WebAddress.Fault) {
            _ = try WebAddress(whole)
        } catch {
            throw Unsendable(description: "\(field): the URL \(error)")
        }
    }
}
