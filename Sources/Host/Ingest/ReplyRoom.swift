import Engine
import RPC

/// What still fits into a reply, which is one frame.
struct ReplyRoom {
    /// A frame less its envelope and what a reply has beside its rows.
    static let bytes = Limits.messageBytes - 16_384

    private(set) var left: Int

    init(_ bytes: Int = Self.bytes) {
        left = bytes
    }

    /// Takes so many bytes where they are left.
    mutating func take(_ bytes: Int) -> Bool {
        guard bytes <= left else { return false }
        left -= bytes
        return true
    }
}

/// The rows of one page: as many as were asked for, and as fit.
struct ReplyPage<Row> {
    private(set) var rows: [Row] = []
    private var room: ReplyRoom
    private let limit: Int

    init(limit: Int = .max, bytes: Int = ReplyRoom.bytes) {
        self.limit = limit
        room = ReplyRoom(bytes)
    }

    var isFull: Bool { rows.count >= limit }

    /// Gives false where the row belongs to the next page. A row that no page could hold must have been cut.
    mutating func add(_ row: Row, _ size: Int) -> Bool {
        guard !isFull, rows.isEmpty || size <= room.left else { return false }
        _ = room.take(min(size, room.left))
        rows.append(row)
        return true
    }
}

/// How many bytes of a reply something takes: never less than it does.
extension Value {
    var replySize: Int {
        switch self {
        case .null, .boolean, .integer, .decimal: 24
        case .string(let text): 24 + text.utf8.count
        case .array(let elements): elements.reduce(24) { $0 + $1.replySize }
        case .object(let object): 24 + object.replySize
        }
    }
}

extension Object {
    var replySize: Int { members.reduce(0) { $0 + $1.replySize } }
}

extension Object.Member {
    var replySize: Int { 24 + name.utf8.count + value.replySize }
}

extension Decision {
    var replySize: Int {
        128 + user.utf8.count + (campaign?.utf8.count ?? 0) + (channel?.utf8.count ?? 0) + rule.utf8.count
            + why.replySize
    }
}

extension Presented {
    var replySize: Int { 64 + campaign.utf8.count + channel.utf8.count + fields.replySize }
}

// MARK: Cutting

extension Object {
    /// As much of it as so many bytes of a reply hold: its members in order, the last of them shortened.
    func cut(to bytes: Int) -> Object {
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
    func cut(to bytes: Int) -> String {
        guard utf8.count > bytes else { return self }
        guard bytes >= 3 else { return "" }
        var end = utf8.index(utf8.startIndex, offsetBy: bytes - 3)
        while String.Index(end, within: unicodeScalars) == nil { end = utf8.index(before: end) }
        return self[..<end] + "…"
    }
}
