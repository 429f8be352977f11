/// Many members at once, in time that follows how many they are.
extension Object {
    /// As many as are looked for one by one: an index costs more than it saves.
    private static let few = 16

    /// Sets each member, in order, as the subscript does.
    package mutating func set(_ changes: Object) {
        guard changes.members.count > Self.few else {
            for change in changes.members { self[change.name] = change.value }
            return
        }
        var all = members
        var places: [Text: Int] = [:]
        places.reserveCapacity(all.count + changes.members.count)
        for (place, member) in all.enumerated() { places[member.name] = place }
        for change in changes.members {
            if change.value == .null {
                if let place = places.removeValue(forKey: change.name) { all[place].value = .null }
            } else if let place = places[change.name] {
                all[place].value = change.value
            } else {
                places[change.name] = all.count
                all.append(change)
            }
        }
        all.removeAll { $0.value == .null }
        self = Object(all)
    }

    /// 14: what history sets on a profile. What that has already was told later than it happened: it stays. An address
    /// and what is known of it are one.
    func ofHistory(for profile: Object) -> Object {
        var set = Object(
            zip(members, profile.values(of: self)).filter { $1 == nil && $0.value != .null }.map(\.0)
        )
        if self["email"] != nil, set["email"] != nil {
            set["email_status"] = self["email_status"]
        } else if let email = self["email"], email != profile["email"] {
            set["email_status"] = nil
        }
        return set
    }

    /// What the members of another object are in this one, in its order.
    package func values(of names: Object) -> [Value?] {
        guard names.members.count > Self.few else { return names.members.map { self[$0.name] } }
        let values = Dictionary(members.map { ($0.name, $0.value) }) { _, last in last }
        return names.members.map { values[$0.name].flatMap { $0 == .null ? nil : $0 } }
    }
}
