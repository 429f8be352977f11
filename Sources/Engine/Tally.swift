/// What is counted of a campaign over all users: the slots of the minute, the places taken, what became of every message
/// that a trigger stood for, and what each version still waits for. A trigger stands for as many messages as the campaign
/// has.
package struct Tally: Hashable, Sendable {
    /// Messages of triggers that matched, `where` included.
    package var matched: Int64 = 0
    /// By how they ended. A message that has no end yet waits.
    private var ended: [Int64]
    /// Those of which something waits, or may still convert.
    package var versions: [Version] = []
    /// Whether `versions` tells of everything: a folder of before it was counted is counted once, at its first start.
    package var isCounted = true

    /// Minutes since 1970, of which `slots` tells.
    package var minute: Int64 = 0
    package var slots: Int64 = 0
    package var places: Int64 = 0

    package struct Version: Hashable, Sendable {
        package var version: UInt32
        /// Messages without an end.
        package var waiting: Int64 = 0
        /// No window of a receipt is open from then on.
        package var convertsUntil: Instant?

        package init(_ version: UInt32, waiting: Int64 = 0, convertsUntil: Instant? = nil) {
            (self.version, self.waiting, self.convertsUntil) = (version, waiting, convertsUntil)
        }
    }

    package init() {
        ended = [Int64](repeating: 0, count: Decision.Code.allCases.count)
    }

    /// As it was recorded; `versions`: nil where they were not counted yet.
    package init(matched: Int64, ended: [(code: Decision.Code, count: Int64)], versions: [Version]?) {
        self.init()
        self.matched = matched
        for (code, count) in ended { self.ended[code.index] = count }
        self.versions = versions ?? []
        isCounted = versions != nil
    }

    /// matched = waiting + the sum of all ends, at all times.
    package var waiting: Int64 { matched - ended.reduce(0, +) }

    package subscript(code: Decision.Code) -> Int64 {
        get { ended[code.index] }
        set { ended[code.index] = newValue }
    }

    // MARK: Messages

    package mutating func begin(_ count: Int64, of version: UInt32) {
        matched += count
        add(count, to: version)
    }

    package mutating func end(_ code: Decision.Code, _ count: Int64, of version: UInt32) {
        ended[code.index] += count
        add(-count, to: version)
    }

    /// The message that ended so has no end any more.
    package mutating func reopen(_ code: Decision.Code, of version: UInt32) {
        ended[code.index] -= 1
        add(1, to: version)
    }

    /// Messages that never were: of a user who is forgotten.
    package mutating func forget(_ count: Int64, of version: UInt32) {
        matched -= count
        add(-count, to: version)
    }

    /// What waited for one version waits for another, of which a send may have more messages or fewer.
    package mutating func move(_ count: Int64, from old: UInt32, _ newCount: Int64, to new: UInt32) {
        matched += newCount - count
        add(-count, to: old)
        add(newCount, to: new)
    }

    private mutating func add(_ count: Int64, to version: UInt32) {
        change(version) { $0.waiting += count }
    }

    private mutating func change(_ version: UInt32, _ body: (inout Version) -> Void) {
        let index = versions.firstIndex { $0.version == version } ?? versions.endIndex
        if index == versions.endIndex { versions.append(Version(version)) }
        body(&versions[index])
        if versions[index].waiting == 0, versions[index].convertsUntil == nil { versions.remove(at: index) }
    }

    // MARK: Versions

    package mutating func open(until: Instant, of version: UInt32) {
        change(version) { $0.convertsUntil = max(until, $0.convertsUntil ?? until) }
    }

    /// Whether nothing waits for the version, and nothing of it can convert.
    package func mayLeave(_ version: UInt32, at now: Instant) -> Bool {
        guard isCounted else { return false }
        guard let known = versions.first(where: { $0.version == version }) else { return true }
        return known.waiting == 0 && known.convertsUntil.map { $0 <= now } ?? true
    }

    package mutating func forget(_ version: UInt32) {
        versions.removeAll { $0.version == version }
    }

    package mutating func count(_ counted: [Version]) {
        versions = counted
        isCounted = true
    }

    // MARK: Slots

    package static func minute(of instant: Instant) -> Int64 {
        let (quotient, rest) = instant.milliseconds.quotientAndRemainder(dividingBy: 60_000)
        return rest < 0 ? quotient - 1 : quotient
    }

    /// The slots that are used in the instant's minute (10.3: fixed clock minutes).
    package func slots(at instant: Instant) -> Int64 { Self.minute(of: instant) == minute ? slots : 0 }

    package mutating func takeSlot(at instant: Instant) {
        slots = slots(at: instant) + 1
        minute = Self.minute(of: instant)
    }

    /// Gives whether it was one of the minute that is counted.
    package mutating func giveSlotBack(of instant: Instant) -> Bool {
        guard Self.minute(of: instant) == minute, slots > 0 else { return false }
        slots -= 1
        return true
    }
}
