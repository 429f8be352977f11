import Engine

/// The index from what happens to the campaigns that listen for it: an event that nobody listens for costs two
/// look-ups, however many campaigns there are. A copy of it that is changed shares with it what was not changed.
struct Matcher: Sendable {
    fileprivate struct Listener {
        var version: CampaignVersion
        var role: Role
        var occurrence: CompiledOccurrence
        var `where`: Filter?
    }

    fileprivate enum Role: Hashable {
        case exception(Int)
        case conversion(Int)
        case trigger
    }

    /// In the order in which the campaigns were created and edited.
    private var listeners = ShardedDictionary<Subject, [Listener]>()

    /// What listens from now on, and what does not any more.
    struct Change {
        fileprivate var arrived: [Subject: [Listener]] = [:]
        /// Versions of which the trigger is heard no more, and those of which nothing is.
        fileprivate var left: [Subject: Set<CampaignVersion>] = [:]
        fileprivate var gone: [Subject: Set<CampaignVersion>] = [:]

        /// A version that is not the newest only listens for what cancels the sends that still wait under it, or
        /// converts those that went (3.4).
        mutating func add(_ prepared: PreparedCampaign, as version: CampaignVersion, isNewest: Bool) {
            let campaign = prepared.campaign
            // Of a held campaign what can be heard is; that it triggers nothing, the engine knows (14).
            for case (let index, let compiled?) in prepared.exceptions.enumerated() {
                add(compiled, campaign.exceptions[index], .exception(index), version)
            }
            for case (let index, let compiled?) in prepared.conversions.enumerated() {
                add(compiled, campaign.conversions[index].occurrence, .conversion(index), version)
            }
            if isNewest, let trigger = prepared.trigger { add(trigger, campaign.trigger, .trigger, version) }
        }

        private mutating func add(
            _ compiled: CompiledOccurrence,
            _ occurrence: Occurrence,
            _ role: Role,
            _ version: CampaignVersion
        ) {
            let listener = Listener(version: version, role: role, occurrence: compiled, where: occurrence.where)
            for subject in compiled.subjects { arrived[subject, default: []].append(listener) }
        }

        /// The version that is not the newest any more.
        mutating func removeTrigger(_ trigger: CompiledOccurrence, of version: CampaignVersion) {
            for subject in trigger.subjects { left[subject, default: []].insert(version) }
        }

        /// The version that leaves.
        mutating func remove(_ prepared: PreparedCampaign, as version: CampaignVersion) {
            for subject in prepared.subjects { gone[subject, default: []].insert(version) }
        }
    }

    mutating func apply(_ change: Change) {
        for (subject, versions) in change.left {
            listeners[subject]?.removeAll { $0.role == .trigger && versions.contains($0.version) }
        }
        for (subject, versions) in change.gone {
            listeners[subject]?.removeAll { versions.contains($0.version) }
        }
        for (subject, arrived) in change.arrived {
            var all = listeners[subject] ?? []
            all += arrived
            // Stable: what listens of one version keeps its order.
            all.sort { $0.version < $1.version }
            listeners[subject] = all
        }
        for subject in [change.left.keys, change.gone.keys].joined() where listeners[subject]?.isEmpty == true {
            listeners[subject] = nil
        }
    }

    /// Who listens for the event and is meant by it, in the order in which campaigns were created. The plug-in is
    /// asked first, then `where`.
    func matches(_ event: Event) -> [Match] {
        let toAll = listeners[Subject(event.type, ""), default: []]
        let toSubject = event.subject.isEmpty ? [] : listeners[Subject(event.type, event.subject), default: []]
        guard !toAll.isEmpty || !toSubject.isEmpty else { return [] }
        var found: [Match] = []
        var budget = FilterBudget()
        event.withView { view in
            for listener in toAll { Self.add(listener, event, view, &budget, to: &found) }
            for listener in toSubject { Self.add(listener, event, view, &budget, to: &found) }
        }
        if !toAll.isEmpty, !toSubject.isEmpty, found.count > 1 {
            found.sort { $0.version < $1.version }
        }
        return found
    }

    private static func add(
        _ listener: Listener,
        _ event: Event,
        _ view: EventView,
        _ budget: inout FilterBudget,
        to found: inout [Match]
    ) {
        guard listener.occurrence.matches(view) else { return }  // The plug-in says that it is not meant.
        let holds = listener.where?.holds(event.properties, now: event.receivedAt, within: &budget) ?? true
        switch listener.role {
        case .trigger: found.append(Match(listener.version, .trigger(whereHolds: holds)))
        case .exception(let index): if holds { found.append(Match(listener.version, .exception(index))) }
        case .conversion(let index): if holds { found.append(Match(listener.version, .conversion(index))) }
        }
    }
}
