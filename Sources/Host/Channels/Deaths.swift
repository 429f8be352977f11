import Engine

/// Addresses that providers called dead, one user's after the other's. Many of them with no message accepted in between
/// say more of the provider, or of how it was set up, than of the addresses. From then on none of its deaths is believed
/// before it accepts a message.
struct Deaths {
    fileprivate struct Row {
        /// One user has many addresses, and counts once.
        var users: Set<UserID> = []
        var isInDoubt = false
    }

    /// By provider, those that called an address dead since they accepted a message.
    private var rows: [Text: Row] = [:]

    func isInDoubt(_ service: Text) -> Bool { rows[service]?.isInDoubt ?? false }

    /// Gives whether it was in doubt.
    mutating func accepted(_ service: Text) -> Bool {
        guard !rows.isEmpty else { return false }
        return rows.removeValue(forKey: service)?.isInDoubt ?? false
    }

    /// The provider is not believed: its channel says so, or the disk, of the time before the start.
    mutating func doubt(_ service: Text) {
        guard hasRoom(service) else { return }  // One too many to remember is believed.
        rows[service, default: Row()] = Row(isInDoubt: true)
    }

    /// Whether a death is believed: one of the first in a row.
    mutating func isBelieved(of user: UserID, by service: Text, limit: Int) -> Bool {
        guard hasRoom(service) else { return true }
        return rows[service, default: Row()].isBelieved(user, limit)
    }

    private func hasRoom(_ service: Text) -> Bool {
        rows[service] != nil || rows.count < LineLimits.mostInRows
    }
}

extension Deaths.Row {
    fileprivate mutating func isBelieved(_ user: UserID, _ limit: Int) -> Bool {
        guard !isInDoubt else { return false }
        users.insert(user)
        return users.count < limit
    }
}
