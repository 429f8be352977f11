import HTTPClient
import PluginKit

/// What is posted.
struct WebhookPayload {
    let bytes: [UInt8]
    let contentType: String

    /// The same in each try: nothing of it is of the try.
    init(_ message: Message) throws(PluginError) {
        switch message["body"] {
        case nil, .null?:
            (bytes, contentType) = (try Self.standard(message), Self.json)
        case .string(let text)?:
            bytes = Array(text.utf8)
            contentType = Self.isJSON(bytes) ? Self.json : "text/plain; charset=utf-8"
        case let body?:
            (bytes, contentType) = (JSONWriter.bytes(of: body), Self.json)
        }
        guard bytes.count <= WebhookLimits.longestPayload else {
            throw PluginError(
                "the payload is of \(bytes.count) bytes, and not of at most \(WebhookLimits.longestPayload)"
            )
        }
    }

    private static let json = "application/json"

    /// standardwebhooks.com, "Payload structure": `timestamp` is the event's, whenever it is delivered.
    private static func standard(_ message: Message) throws(PluginError) -> [UInt8] {
        let type = message.text("type").flatMap { $0.isEmpty ? nil : $0 } ?? message.campaign
        var json = JSONWriter()
        json.raw("{")
        json.member("type", type)
        json.member("timestamp", Timestamp.text(message.eventTime))
        json.member("campaign", message.campaign)
        json.member("user", message.user)
        switch message["data"] {
        case nil, .null?: json.member("data", .object([]))
        case .object(let members)?: json.member("data", .object(members))
        default: throw PluginError("data: it must be an object")
        }
        json.raw("}")
        return json.bytes
    }

    /// An object or a list; a lone word may be a text as well.
    private static func isJSON(_ bytes: [UInt8]) -> Bool {
        switch JSONReader.value(bytes) {
        case .object?, .array?: true
        default: false
        }
    }
}
