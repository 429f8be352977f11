import PluginKit

/// The headers that a message sets itself.
struct WebhookHeaders {
    /// Each `name: value`, names in small letters.
    private(set) var lines: [String] = []
    /// Whether the message says itself what its body is.
    private(set) var namesContentType = false

    /// What is the signature's, or the connection's.
    private static let reserved: Set = [
        "host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer", "expect",
        "http2-settings",
    ]
    private static let reservedBeginnings = ["webhook-", "proxy-"]

    /// - Parameters:
    ///   - value: the field `headers`.
    ///   - isRendered: false when a campaign is applied: templates stand in values as they are written.
    init(_ value: Value?, isRendered: Bool) throws(PluginError) {
        let members: [Value.Member]
        switch value {
        case nil, .null?: return
        case .object(let object)?: members = object
        default: throw PluginError("headers: it must be an object of names and texts")
        }
        guard members.count <= WebhookLimits.mostHeaders else {
            throw PluginError("headers: it has \(members.count), and not at most \(WebhookLimits.mostHeaders)")
        }
        var seen: Set<String> = []
        var byteCount = 0
        for member in members {
            guard Self.isToken(member.name) else {
                throw PluginError("headers: a name must be of letters, digits and !#$%&'*+-.^_`|~")
            }
            let name = member.name.lowercased()
            guard !Self.reserved.contains(name), !Self.reservedBeginnings.contains(where: { name.hasPrefix($0) }) else {
                throw PluginError("headers.\(member.name): the channel sets it itself, or nobody may")
            }
            guard seen.insert(name).inserted else { throw PluginError("headers.\(member.name): it stands there twice") }
            guard let text = try Self.text(of: member, isRendered: isRendered) else { continue }
            byteCount += name.utf8.count + text.utf8.count
            lines.append("\(name): \(text)")
            if name == "content-type" { namesContentType = true }
        }
        guard byteCount <= WebhookLimits.longestHeaders else {
            throw PluginError(
                "headers: they are of \(byteCount) bytes, and not of at most \(WebhookLimits.longestHeaders)"
            )
        }
    }

    /// Nil where there is nothing to be said.
    private static func text(of member: Value.Member, isRendered: Bool) throws(PluginError) -> String? {
        switch member.value {
        case .null: return nil
        case .boolean(let flag): return String(flag)
        case .integer(let number): return String(number)
        case .decimal, .array, .object: throw PluginError("headers.\(member.name): it must be a text")
        case .string(let text):
            if !isRendered, WebhookChannel.isTemplate(text) { return "" }
            // RFC 9110, 5.5: white space around a value is none of it. What else is below a space could begin a line.
            let value = text.trimmed
            guard value.utf8.allSatisfy({ (0x20..<0x7F).contains($0) || $0 == 0x09 }) else {
                throw PluginError(
                    "headers.\(member.name): it holds a line break, a control character or one beyond ASCII"
                )
            }
            return value.isEmpty ? nil : value
        }
    }

    /// RFC 9110, 5.6.2.
    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
    }
}

extension String {
    /// Without blanks and tabs at its ends; a line break stays, and is found.
    fileprivate var trimmed: String {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        guard let start = utf8.firstIndex(where: { !isBlank($0) }), let end = utf8.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(Substring(utf8[start...end]))
    }
}
