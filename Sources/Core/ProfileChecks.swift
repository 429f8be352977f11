import Engine

/// Whether what a request sets still fits its users' profiles: asked of every item before anything is decided, since
/// a request is taken whole or not at all.
struct ProfileChecks {
    private var profiles: [UserID: Profile] = [:]

    /// Gives what is wrong with setting the attributes after all that were set before; `known`: what the user had
    /// before the request.
    mutating func problem(
        setting set: Object,
        isHistory: Bool,
        of user: UserID,
        _ known: () -> Object?
    ) -> String? {
        var profile = profiles.removeValue(forKey: user) ?? Profile(known() ?? Object())
        defer { profiles[user] = profile }
        return profile.add(set, isHistory)
    }

    private struct Profile {
        /// At most so many; exactly where `sizes` is there.
        private var attributes: Int
        private var bytes: Int
        /// What was set so far.
        private var sets: [(set: Object, isHistory: Bool)]
        /// The bytes of every attribute: counted only where adding up is not enough, which hardly ever is so.
        private var sizes: [Text: Int]?

        init(_ known: Object) {
            attributes = known.members.count
            bytes = ObjectSize(known).bytes
            sets = [(known, false)]
        }

        mutating func add(_ set: Object, _ isHistory: Bool) -> String? {
            if sizes == nil {
                let size = ObjectSize(set).bytes
                if attributes + set.members.count <= ItemLimits.profileAttributes,
                    bytes + size <= ItemLimits.profileBytes
                {
                    attributes += set.members.count
                    bytes += size
                    sets.append((set, isHistory))
                    return nil
                }
                (attributes, bytes, sizes) = (0, 0, [:])
                for each in sets { apply(each.set, each.isHistory) }
                sets = []
            }
            // What does not make a profile larger is never refused, however large it is already.
            let before = (attributes: attributes, bytes: bytes)
            apply(set, isHistory)
            if attributes > max(ItemLimits.profileAttributes, before.attributes) {
                return "would take the profile past \(ItemLimits.profileAttributes) attributes"
            }
            if bytes > max(ItemLimits.profileBytes, before.bytes) {
                return "would take the profile past \(ItemLimits.profileBytes) bytes"
            }
            return nil
        }

        private mutating func apply(_ set: Object, _ isHistory: Bool) {
            for member in set.members {
                var size = member.value == .null ? nil : ObjectSize(member).bytes
                let before = sizes?.removeValue(forKey: member.name)
                if isHistory, let before {
                    // It stays (14). Tokens may not have been set, as those of others; so the larger list counts.
                    size = member.name == Event.pushTokens ? max(before, size ?? 0) : before
                }
                sizes?[member.name] = size
                bytes += (size ?? 0) - (before ?? 0)
            }
            attributes = sizes?.count ?? 0
        }
    }
}
