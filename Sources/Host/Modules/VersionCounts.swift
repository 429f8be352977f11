import Engine
import Storage

/// What waits for each version of a campaign is counted as it begins and ends (`Tally`). A folder of before that was so
/// is counted here, once, before anything is decided: only where a campaign has several versions is every user read.
enum VersionCounts {
    static func complete(in store: any Store, _ context: Context) throws {
        let uncounted = try store.tallies().filter { !$0.value.isCounted }
        guard !uncounted.isEmpty else { return }  // Mostly: it is done once.
        var counted: [CampaignNumber: [Tally.Version]] = [:]
        if uncounted.keys.contains(where: { context.campaigns.versionCount(of: $0) > 1 }) {
            counted = try count(store, context)
        } else {
            // All of it waits for the one version, which stays, whatever may still convert.
            for (number, tally) in uncounted where tally.waiting != 0 {
                let version = context.campaigns.head(number)?.version ?? 1
                counted[number] = [Tally.Version(version, waiting: tally.waiting)]
            }
        }
        var changes = Changes()
        for (number, tally) in uncounted {
            var tally = tally
            tally.count(counted[number] ?? [])
            changes.tallies[number] = tally
        }
        try store.commit(changes)
    }

    private static func count(_ store: any Store, _ context: Context) throws -> [CampaignNumber: [Tally.Version]] {
        var found: [CampaignVersion: Tally.Version] = [:]
        func add(_ count: Int, to version: CampaignVersion, until: Instant? = nil) {
            var counted = found[version] ?? Tally.Version(version.version)
            counted.waiting += Int64(count)
            if let until { counted.convertsUntil = max(until, counted.convertsUntil ?? until) }
            found[version] = counted
        }
        try store.dump(.users) { record in
            guard case .user(_, let state) = record else { return true }  // There are no others of this kind.
            for wait in state.waits {
                add(context.campaigns.campaign(wait.version)?.messages.count ?? 1, to: wait.version)
            }
            for entry in state.queue { add(1, to: entry.wait.version) }
            for claim in state.claims { add(1, to: claim.version) }
            for window in state.conversionWindows { add(0, to: window.version, until: window.end(context)) }
            return true
        }
        return Dictionary(grouping: found, by: \.key.number).mapValues { $0.map(\.value) }
    }
}
