import Engine

/// What still fits into a reply.
package struct ReplyRoom: Sendable {
    package private(set) var left: Int

    package init(_ bytes: Int) {
        left = bytes
    }

    /// Takes so many bytes where they are left.
    package mutating func take(_ bytes: Int) -> Bool {
        guard bytes <= left else { return false }
        left -= bytes
        return true
    }
}

/// How many bytes of a reply something takes: never less than it does.
extension Value {
    package var replySize: Int {
        switch self {
        case .null, .boolean, .integer, .decimal: 24
        case .string(let text): 24 + text.utf8.count
        case .array(let elements): elements.reduce(24) { $0 + $1.replySize }
        case .object(let object): 24 + object.replySize
        }
    }
}

extension Object {
    package var replySize: Int { members.reduce(0) { $0 + $1.replySize } }
}

extension Object.Member {
    package var replySize: Int { 24 + name.utf8.count + value.replySize }
}

extension Decision {
    package var replySize: Int {
        128 + user.utf8.count + (campaign?.utf8.count ?? 0) + (channel?.utf8.count ?? 0) + rule.utf8.count
            + why.replySize
    }
}

extension Presented {
    package var replySize: Int { 64 + campaign.utf8.count + channel.utf8.count + fields.replySize }
}

// MARK: Cutting

extension Object {
    /// As much of it as so many bytes of a reply hold: its members in order, the last of them shortened.
    package func cut(to bytes: Int) -> Object {
        var room = ReplyRoom(bytes)
        return cut(&room)
    }

    fileprivate func cut(_ room: inout ReplyRoom) -> Object {
        var kept: [Member] = []
        for member in members {
            guard room.take(24 + member.name.utf8.count), let value = member.value.cut(&room) else { break }
            kept.append(Member(member.name, value))
        }
        return Object(kept)
    }
}

extension Value {
    fileprivate func cut(_ room: inout ReplyRoom) -> Value? {
        guard room.take(24) else { return nil }
        switch self {
        case .null, .boolean, .integer, .decimal: return self
        case .string(let text):
            if room.take(text.utf8.count) { return self }
            defer { _ = room.take(room.left) }
            return .string(Text(text.string.cut(to: room.left)))
        case .array(let elements):
            var kept: [Value] = []
            for element in elements {
                guard let value = element.cut(&room) else { break }
                kept.append(value)
            }
            return .array(kept)
        case .object(let object): return .object(object.cut(&room))
        }
    }
}

extension String {
    /// As many of its characters as so many bytes of UTF-8 hold, the last one "…" where some are missing.
    package func cut(to bytes: Int) -> String {
        guard utf8.count > bytes else { return self }
        guard bytes >= 3 else { return "" }
        var end = utf8.index(utf8.startIndex, offsetBy: bytes - 3)
        while String.Index(end, within: unicodeScalars) == nil { end = utf8.index(before: end) }
        return self[..<end] + "…"
    }
}
