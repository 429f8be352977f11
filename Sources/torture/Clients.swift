import Core
import Engine
import Storage

/// What a client asks for once, and does not ask again.
enum Request {
    case lease(UserID, device: Text)
    case acknowledge(UserID, token: UInt64, action: String?)
    case hold(UserID, token: UInt64)
    case delete(UserID)
    case redrive
    case resume(CampaignID)
}

/// Calls of items. A client that hears nothing asks again, with the same ids.
struct Call {
    var items: [Item]
    var isAnswered = false
    var tries = 0
    /// Items without an id are not told twice.
    var mayRepeat: Bool { items.allSatisfy { $0.id != nil } }
    /// What an item of it must be answered, where it is one that came before.
    var expected: Expected?

    enum Expected {
        case duplicate, conflict
    }
}

/// What clients were told: all of it must be there.
struct Ledger {
    private(set) var items: [(id: ItemID, content: (UInt64, UInt64), decisions: [Decision]?)] = []
    private var known: Set<ItemID> = []
    /// Of whom the last commit deleted everything.
    private var deleted: Set<UserID> = []
    private(set) var loose: [Decision] = []

    mutating func answered(_ item: Item, _ decisions: [Decision]?) {
        guard !deleted.contains(item.user) else { return }
        guard let id = item.id else {
            loose += decisions ?? []
            return
        }
        let key = ItemID(user: item.user, id: id)
        if known.insert(key).inserted { items.append((key, item.content, decisions)) }
    }

    mutating func committed(deleting users: [UserID]) {
        deleted = Set(users)
        guard !deleted.isEmpty else { return }
        items.removeAll { deleted.contains($0.id.user) }
        known = known.filter { !deleted.contains($0.user) }
        loose.removeAll { deleted.contains($0.user) }
    }

    func check(_ store: DiskStore) throws {
        for (id, content, decisions) in items {
            guard let receipt = store.receipts([id])[0].record else {
                throw Violation("the item \(id.id) of \(id.user) was answered and is not there")
            }
            try torture.check(receipt.content == content, "the item \(id.id) of \(id.user) is another by now")
            for decision in decisions ?? [] { try check(decision, store) }
        }
        for decision in loose { try check(decision, store) }
    }

    private func check(_ decision: Decision, _ store: DiskStore) throws {
        guard decision.nearMiss == 0 else { return }  // It is not kept.
        guard let stored = store.decision(decision.sequence)?.decision else {
            throw Violation("\(decision) was answered and is not there")
        }
        try torture.check(stored == decision, "\(decision) was answered, and \(stored) is there")
    }
}
