import Engine
import Storage

/// One page of everything that is kept of a user.
struct UserExport {
    private(set) var lines: [UInt8] = []
    /// Where the next page begins; empty where there is none.
    private(set) var nextPage = ""
    private let user: UserID
    private var place = Place()

    /// What is sought where. The user's own record and decisions are found by the user.
    private static let kinds: [Family] = [.users, .decisions, .items, .outbox, .failed, .events, .tokens]

    /// Where a page begins: behind a key of a kind, and how much of the record there was told already.
    private struct Place {
        var kind = 0
        var key: [UInt8]?
        var told = 0

        var text: String {
            let digits = (key ?? []).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            return "\(kind).\(digits).\(told)"
        }

        init(kind: Int = 0) {
            self.kind = kind
        }

        /// Nil: it is no such text.
        init?(_ text: String) {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 3, let kind = Int(parts[0]), UserExport.kinds.indices.contains(kind),
                let told = Int(parts[2]), told >= 0, parts[1].utf8.count % 2 == 0
            else { return nil }
            self.kind = kind
            self.told = told
            var bytes: [UInt8] = []
            var digits = parts[1][...]
            while !digits.isEmpty {
                guard let byte = UInt8(digits.prefix(2), radix: 16) else { return nil }
                bytes.append(byte)
                digits = digits.dropFirst(2)
            }
            key = bytes.isEmpty ? nil : bytes
        }
    }

    /// Nil: the page is none that an export gave.
    init?(of user: UserID, page: String) {
        self.user = user
        guard !page.isEmpty else { return }  // The first.
        guard let place = Place(page) else { return nil }
        self.place = place
    }

    mutating func read(_ store: any Store, _ state: UserState) throws {
        var looked = 0
        while Self.kinds.indices.contains(place.kind) {
            let isTold =
                switch Self.kinds[place.kind] {
                case .users: add(.user(user, state), key: [])
                case .decisions: try addDecisions(store, state, &looked)
                case let kind: try addSought(kind, store, &looked)
                }
            guard isTold else {
                nextPage = place.text
                return
            }
            place = Place(kind: place.kind + 1)
        }
    }

    /// The user's own chain, newest first; a place in it is the next one. Gives whether all of it found room.
    private mutating func addDecisions(_ store: any Store, _ state: UserState, _ looked: inout Int) throws -> Bool {
        var next = place.key.map { $0.reduce(0) { $0 << 8 | UInt64($1) } } ?? state.lastDecision
        while next != 0 {
            // What is missing or does not read ends the chain, as it does for `explain`.
            guard let stored = try? store.decision(next), stored.decision.user == user else { return true }
            next = stored.previous
            let key = withUnsafeBytes(of: next.bigEndian) { Array($0) }
            guard add(.decision(stored), key: key) else { return false }
        }
        return true
    }

    private mutating func addSought(_ kind: Family, _ store: any Store, _ looked: inout Int) throws -> Bool {
        var isTold = true
        try store.dump(kind, after: place.key) { key, record in
            looked += 1
            if record.owner == user {
                isTold = add(record, key: Array(key))
            } else if looked >= WireLimits.exportLooks {
                place.key = Array(key)
                isTold = false
            }
            return isTold
        }
        return isTold
    }

    /// Gives whether all of it found room; `key` is where the next begins then.
    private mutating func add(_ record: Record, key: [UInt8]) -> Bool {
        let line = Array(record.json.description.utf8) + [UInt8(ascii: "\n")]
        let rest = line.dropFirst(place.told)
        let room = WireLimits.exportBytes - lines.count
        lines += rest.prefix(room)
        guard rest.count <= room else {
            place.told += room
            return false
        }
        place.told = 0
        place.key = key
        return true
    }
}

extension Record {
    /// Of whom it is; nil where it is of nobody.
    fileprivate var owner: UserID? {
        switch self {
        case .user(let user, _): user
        case .timer(let timer): timer.user
        case .decision(let stored): stored.decision.user
        case .item(let id, _): id.user
        case .outbox(let entry): entry.message.user
        case .failed(let letter): letter.message.user
        case .event(let event): event.user
        case .token(_, let owner): owner
        case .campaign, .tally: nil
        }
    }
}
