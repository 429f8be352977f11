/// How full a bounded queue is, and how much of it each party takes, so that one client's flood is not another
/// client's refusal.
struct Shares<Party: Hashable> {
    let limit: QueueLoad
    private(set) var all = QueueLoad()
    private var parties: [Party: QueueLoad] = [:]

    init(limit: QueueLoad) {
        self.limit = limit
    }

    /// Whether a party may put so much into the queue. One request more than the limit is let in: of what is
    /// asked nothing can be too large to be ever done. Into a full queue comes who stays below an equal part of it;
    /// at twice the limit nobody does.
    func admits(_ load: QueueLoad, of party: Party) -> Bool {
        if all.count < limit.count, all.bytes < limit.bytes { return true }
        let own = parties[party] ?? QueueLoad()
        let parts = parties.count + (own == QueueLoad() ? 1 : 0)
        return (own + load).isWithin(limit / parts) && (all + load).isWithin(limit + limit)
    }

    mutating func add(_ load: QueueLoad, of party: Party?) {
        all = all + load
        if let party { parties[party] = (parties[party] ?? QueueLoad()) + load }
    }

    mutating func remove(_ load: QueueLoad, of party: Party?) {
        all = all - load
        guard let party, let own = parties[party] else { return }  // It is nobody's.
        let left = own - load
        parties[party] = left == QueueLoad() ? nil : left
    }
}

/// How many, and their bytes.
struct QueueLoad: Hashable, Sendable {
    var count = 0
    var bytes = 0

    static func + (left: QueueLoad, right: QueueLoad) -> QueueLoad {
        QueueLoad(count: left.count + right.count, bytes: left.bytes + right.bytes)
    }

    static func - (left: QueueLoad, right: QueueLoad) -> QueueLoad {
        QueueLoad(count: left.count - right.count, bytes: left.bytes - right.bytes)
    }

    static func / (load: QueueLoad, parts: Int) -> QueueLoad {
        QueueLoad(count: load.count / parts, bytes: load.bytes / parts)
    }

    func isWithin(_ limit: QueueLoad) -> Bool {
        count <= limit.count && bytes <= limit.bytes
    }
}
