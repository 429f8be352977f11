import Core
import RPC

extension ReplyRoom {
    /// A reply is one frame: less its envelope and what a reply has beside its rows.
    static let bytes = Limits.messageBytes - 16_384

    init() {
        self.init(Self.bytes)
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
