/// What somebody may do with the daemon.
package enum Role: String, CaseIterable, Sendable {
    /// Tell what happened, and take in-app messages for users.
    case ingest
    /// See what was decided, and who a user is.
    case read
    /// Everything.
    case admin
}

/// Several roles, of a caller: what it has; of a method: what it needs, where none is for everybody.
package struct Roles: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let ingest = Roles(rawValue: 1)
    package static let read = Roles(rawValue: 2)
    package static let admin = Roles(rawValue: 4)
    package static let all: Roles = [.ingest, .read, .admin]

    /// What who is given the role may do: `admin` holds the others.
    package init(given role: Role) {
        switch role {
        case .ingest: self = .ingest
        case .read: self = .read
        case .admin: self = .all
        }
    }

    /// Nil where one of the words, between commas, is no role.
    package init?(given words: String) {
        self = []
        for word in words.split(separator: ",", omittingEmptySubsequences: false) {
            guard let role = Role(rawValue: String(word)) else { return nil }
            formUnion(Roles(given: role))
        }
    }

    /// In words.
    package var text: String {
        if self == .all { return Role.admin.rawValue }
        let held: [(Roles, Role)] = [(.ingest, .ingest), (.read, .read), (.admin, .admin)]
        let words = held.filter { contains($0.0) }.map(\.1.rawValue)
        return words.isEmpty ? "no role" : words.joined(separator: ", ")
    }
}
