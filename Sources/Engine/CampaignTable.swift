/// The campaigns that the engine knows, each with the versions that a waiting send may still name. A copy of it that
/// is changed shares with it what was not changed.
package struct CampaignTable: Sendable {
    /// By number: numbers are ranks of creation, so the places are dense, and looking one up is no search.
    private var places = PagedArray<Place>()
    private var numbers = ShardedDictionary<CampaignID, CampaignNumber>()
    private(set) var links = TriggerLinks()
    /// What has to be kept of users for the campaigns that ask for it.
    package private(set) var reads = Reads()
    /// Versions that nobody can serve (14).
    private var heldVersions: Set<CampaignVersion> = []

    private struct Place: Sendable {
        var head: CampaignHead?
        /// By version.
        var versions: [Definition?] = []
        /// Of those that are here.
        var count = 0
    }

    package init() {}

    package var count: Int { numbers.count }

    package func head(_ number: CampaignNumber) -> CampaignHead? {
        Int(number) < places.count ? places[Int(number)].head : nil
    }

    package func number(of id: CampaignID) -> CampaignNumber? { numbers[id] }

    package func definition(_ version: CampaignVersion) -> Definition? {
        let (number, index) = (Int(version.number), Int(version.version))
        guard number < places.count, index < places[number].versions.count else { return nil }
        return places[number].versions[index]
    }

    package func campaign(_ version: CampaignVersion) -> Campaign? { definition(version)?.campaign }

    /// Of its exceptions, in their order.
    package func exceptionFingerprints(_ version: CampaignVersion) -> [UInt64] {
        definition(version)?.fingerprints ?? []
    }

    package func head(of id: CampaignID) -> CampaignHead? { numbers[id].flatMap { head($0) } }

    /// In order of creation.
    package var all: [CampaignHead] { everyHead.filter { $0.deletedAt == nil } }

    /// Those of deleted campaigns too, as long as something of them has no end yet.
    package var everyHead: [CampaignHead] { places.compactMap(\.head) }

    /// Of the campaign that is created next.
    package var nextNumber: CampaignNumber { CampaignNumber(max(1, places.count)) }

    /// Adds or replaces a campaign's head and its newest version; older versions stay.
    package mutating func put(_ head: CampaignHead, _ campaign: Campaign, isHeld: Bool = false) {
        links.replace(self.head(head.number).flatMap { self.campaign($0.current) }, by: campaign, head.number)
        put(head)
        put(campaign, as: head.current, isHeld: isHeld)
    }

    package mutating func put(_ head: CampaignHead) {
        makePlace(head.number)
        places[Int(head.number)].head = head
        if head.deletedAt == nil, numbers[head.id] == nil { numbers[head.id] = head.number }
    }

    /// Adds a version that is not the newest.
    package mutating func put(_ campaign: Campaign, as version: CampaignVersion, isHeld: Bool = false) {
        makePlace(version.number)
        let index = Int(version.version)
        while places[Int(version.number)].versions.count <= index { places[Int(version.number)].versions.append(nil) }
        if places[Int(version.number)].versions[index] == nil { places[Int(version.number)].count += 1 }
        places[Int(version.number)].versions[index] = Definition(campaign)
        if isHeld { heldVersions.insert(version) }
        reads.add(campaign)
    }

    private mutating func makePlace(_ number: CampaignNumber) {
        while places.count <= Int(number) { places.append(Place()) }
    }

    package func versionCount(of number: CampaignNumber) -> Int {
        Int(number) < places.count ? places[Int(number)].count : 0
    }

    /// Every version of one that is still here, the oldest first.
    package func versions(of number: CampaignNumber) -> [CampaignVersion] {
        guard Int(number) < places.count else { return [] }
        return places[Int(number)].versions.indices.filter { places[Int(number)].versions[$0] != nil }
            .map { CampaignVersion(number: number, version: UInt32($0)) }
    }

    /// Every version, in order of creation and of edits.
    package var allVersions: [(CampaignVersion, Campaign)] {
        places.enumerated().flatMap { number, place in
            place.versions.enumerated().compactMap { version, definition in
                definition.map {
                    (
                        CampaignVersion(number: CampaignNumber(number), version: UInt32(version)),
                        $0.campaign
                    )
                }
            }
        }
    }
}

// MARK: What is held, and what leaves (14)

extension CampaignTable {
    package func isHeld(_ version: CampaignVersion) -> Bool {
        !heldVersions.isEmpty && heldVersions.contains(version)
    }

    /// Whether the campaign triggers nothing and what waits of it waits: nobody can serve its newest version.
    package func isHeld(_ number: CampaignNumber) -> Bool {
        !heldVersions.isEmpty && head(number).map { $0.deletedAt == nil && heldVersions.contains($0.current) } ?? false
    }

    /// The campaigns that are held, in order of creation.
    package var held: [CampaignNumber] {
        heldVersions.isEmpty ? [] : Set(heldVersions.map(\.number)).filter { isHeld($0) }.sorted()
    }

    /// The version by which a send of that one goes on: the newest, where that one is held and the newest is not.
    package func successor(of version: CampaignVersion) -> CampaignVersion? {
        guard isHeld(version), !isHeld(version.number), let head = head(version.number), head.deletedAt == nil else {
            return nil
        }
        return head.current
    }

    /// Whether the number is of a campaign that was deleted.
    package func isDeleted(_ number: CampaignNumber) -> Bool { head(number).map { $0.deletedAt != nil } ?? true }

    /// Whether any campaign was ever deleted: place 0 is nobody's.
    package var hasDeleted: Bool { numbers.count + 1 < places.count }

    /// What waits of it ends with that; its name is free again, its number is not.
    package mutating func delete(_ number: CampaignNumber, at instant: Instant) {
        guard var head = head(number), head.deletedAt == nil else { return }  // It was deleted before.
        links.remove(campaign(head.current), number)
        head.deletedAt = instant
        places[Int(number)].head = head
        numbers[head.id] = nil
    }

    /// Nothing waits for the version any more.
    package mutating func remove(_ version: CampaignVersion) {
        guard definition(version) != nil else { return }  // It left before.
        places[Int(version.number)].versions[Int(version.version)] = nil
        places[Int(version.number)].count -= 1
        heldVersions.remove(version)
    }

    /// Nothing names the deleted campaign any more. The highest number stays known, so that it is not given again.
    package mutating func forget(_ number: CampaignNumber) {
        for version in versions(of: number) { remove(version) }
        if Int(number) < places.count - 1 { places[Int(number)].head = nil }
    }
}

/// One version of a campaign, shared by all that look at it: a campaign has many parts, and copying it for each event
/// would cost more than deciding.
package final class Definition: Sendable {
    package let campaign: Campaign
    package let fingerprints: [UInt64]

    init(_ campaign: Campaign) {
        self.campaign = campaign
        fingerprints = campaign.exceptions.map(\.fingerprint)
    }
}

/// What applied campaigns ask of a user's past: only that is kept beyond counts (7.3).
package struct Reads: Hashable, Sendable {
    /// How far back single events are looked for.
    package private(set) var events: [Text: Length] = [:]
    /// How far back purchases are, by currency; zero: only their sum.
    package private(set) var purchases: [Text: Length] = [:]
    /// Of which it is asked how often and when last they happened at all.
    private var counted: Set<Text> = [Text(Event.sessionStart), Text(Event.purchase)]
    package private(set) var engagements = false
    package private(set) var position = false
    /// Whether any campaign listens to what the engine raises itself.
    package private(set) var raised = false

    package func counts(_ event: Text) -> Bool { counted.contains(event) }

    fileprivate mutating func add(_ campaign: Campaign) {
        for filter in [campaign.audience, campaign.abortIf].compactMap(\.self) {
            for subject in filter.subjects {
                switch subject {
                case .eventCount(let event, nil), .lastEvent(let event, nil): counted.insert(event)
                case .eventCount(let event, let recent?), .lastEvent(let event, let recent?):
                    events[event] = max(events[event] ?? .zero, recent.reach)
                case .purchaseTotal(let currency, let recent):
                    purchases[currency] = max(purchases[currency] ?? .zero, recent?.reach ?? .zero)
                default: break
                }
            }
        }
        switch campaign.delay {
        case .next(_, at: .best, _), .days(_, at: .best, _): engagements = true
        default: break
        }
        let occurrences = [campaign.trigger] + campaign.exceptions + campaign.conversions.map(\.occurrence)
        for occurrence in occurrences {
            switch occurrence.type {
            case Event.location: position = true
            case Event.conversion, Event.exception, Event.campaignInteraction: raised = true
            default: break
            }
        }
    }
}

extension Filter.Recent {
    /// No instant longer ago counts.
    fileprivate var reach: Length {
        countsUTCDays ? Length(milliseconds: length.milliseconds + Length.day.milliseconds) : length
    }
}

/// A campaign's rank of creation, given once and for ever: records name a campaign by it.
package typealias CampaignNumber = UInt32

package struct CampaignVersion: Hashable, Comparable, Sendable {
    package var number: CampaignNumber
    package var version: UInt32

    package init(number: CampaignNumber, version: UInt32) {
        self.number = number
        self.version = version
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.number, left.version) < (right.number, right.version)
    }
}

/// What all versions of a campaign share: applying it again keeps its launch and its rank (3.4).
package struct CampaignHead: Hashable, Sendable {
    package var id: CampaignID
    package var number: CampaignNumber
    package var version: UInt32
    package var launchedAt: Instant
    package var appliedAt: Instant
    package var isStopped: Bool
    /// The instants at which it was stopped. How many there are is its epoch: a wait of an older epoch is dead,
    /// since the stop that ended its epoch (3.4).
    package var stops: [Instant]
    /// When it was deleted; what has no end yet still names it.
    package var deletedAt: Instant?

    package init(
        id: CampaignID,
        number: CampaignNumber,
        version: UInt32 = 1,
        launchedAt: Instant,
        appliedAt: Instant,
        isStopped: Bool = false,
        stops: [Instant] = []
    ) {
        self.id = id
        self.number = number
        self.version = version
        self.launchedAt = launchedAt
        self.appliedAt = appliedAt
        self.isStopped = isStopped
        self.stops = stops
    }

    package var current: CampaignVersion { CampaignVersion(number: number, version: version) }
    package var epoch: UInt32 { UInt32(stops.count) }

    /// The stop that ended what began to wait in that epoch; nil while it still counts.
    package func stop(endingEpoch epoch: UInt32) -> Instant? {
        Int(epoch) < stops.count ? stops[Int(epoch)] : nil
    }
}
