extension UserState {
    /// About what it takes in memory, in bytes: what is bounded is not how many users are held but how much.
    package var memory: Int {
        var rows = receipts.count + claims.count + counts.count + happened.count + spent.count + engagements.count
        rows += conversionWindows.count + counted.count + places.count + chains.count
        var bytes = 512 + 64 * rows + ObjectSize(profile).memory
        for wait in waits { bytes += 256 + ObjectSize(wait.properties).memory }
        for entry in queue { bytes += 320 + ObjectSize(entry.wait.properties).memory }
        for seen in seenExceptions { bytes += 96 + (seen.same.map { ObjectSize(["": $0]).memory } ?? 0) }
        for near in nearMisses { bytes += near.newest.reduce(64) { $0 + 64 + ObjectSize($1.found).memory } }
        return bytes
    }
}

extension ObjectSize {
    fileprivate var memory: Int { bytes + 96 * values }
}
