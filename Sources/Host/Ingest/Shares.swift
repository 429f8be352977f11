/// How full a bounded queue is, and how much of it each connection takes, so that one client's flood is not another
/// client's refusal.
struct Shares {
    struct Load: Hashable, Sendable {
        var count = 0
        var bytes = 0

        static func + (left: Load, right: Load) -> Load {
            Load(count: left.count + right.count, bytes: left.bytes + right.bytes)
        }

        static func - (left: Load, right: Load) -> Load {
            Load(count: left.count - right.count, bytes: left.bytes - right.bytes)
        }

        static func / (load: Load, parts: Int) -> Load {
            Load(count: load.count / parts, bytes: load.bytes / parts)
        }

        func isWithin(_ limit: Load) -> Bool {
            count <= limit.count && bytes <= limit.bytes
        }
    }

    let limit: Load
    private(set) var all = Load()
    private var connections: [ObjectIdentifier: Load] = [:]

    init(limit: Load) {
        self.limit = limit
    }

    /// Whether a connection may put so much into the queue. One request more than the limit is let in: of what is
    /// asked nothing can be too large to be ever done. Into a full queue comes who stays below an equal part of it;
    /// at twice the limit nobody does.
    func admits(_ load: Load, of connection: ObjectIdentifier) -> Bool {
        if all.count < limit.count, all.bytes < limit.bytes { return true }
        let own = connections[connection] ?? Load()
        let parts = connections.count + (own == Load() ? 1 : 0)
        return (own + load).isWithin(limit / parts) && (all + load).isWithin(limit + limit)
    }

    mutating func add(_ load: Load, of connection: ObjectIdentifier?) {
        all = all + load
        if let connection { connections[connection] = (connections[connection] ?? Load()) + load }
    }

    mutating func remove(_ load: Load, of connection: ObjectIdentifier?) {
        all = all - load
        guard let connection, let own = connections[connection] else { return }
        let left = own - load
        connections[connection] = left == Load() ? nil : left
    }
}
