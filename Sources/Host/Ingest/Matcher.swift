import Engine

/// The index from what happens to the campaigns that listen for it: an event that nobody listens for costs one
/// look-up, however many campaigns there are. Owned by the engine's thread.
struct Matcher {
    private struct Listener {
        var version: CampaignVersion
        var role: Role
        var occurrence: CompiledOccurrence
        var `where`: Filter?
    }

    private enum Role: Equatable {
        case trigger
        case exception(Int)
        case conversion(Int)
    }

    private struct Listeners {
        var toAll: [Listener] = []
        var toSubject: [Text: [Listener]] = [:]
    }

    private var listeners: [String: Listeners] = [:]

    /// Compiles every occurrence that `campaigns` listen for. A version that is not the newest only listens for what
    /// cancels the sends that still wait under it, or converts those that went (3.4).
    init(_ campaigns: CampaignTable, compile: (Occurrence) throws -> CompiledOccurrence) rethrows {
        for (version, campaign) in campaigns.allVersions {
            for (index, exception) in campaign.exceptions.enumerated() {
                try add(exception, .exception(index), version, compile)
            }
            for (index, conversion) in campaign.conversions.enumerated() {
                try add(conversion.occurrence, .conversion(index), version, compile)
            }
            if campaigns.head(version.number)?.current == version {
                try add(campaign.trigger, .trigger, version, compile)
            }
        }
    }

    private mutating func add(
        _ occurrence: Occurrence,
        _ role: Role,
        _ version: CampaignVersion,
        _ compile: (Occurrence) throws -> CompiledOccurrence
    ) rethrows {
        let compiled = try compile(occurrence)
        let listener = Listener(version: version, role: role, occurrence: compiled, where: occurrence.where)
        for subject in compiled.subjects {
            if subject.subject.isEmpty {
                listeners[subject.eventType, default: Listeners()].toAll.append(listener)
            } else {
                listeners[subject.eventType, default: Listeners()].toSubject[subject.subject, default: []]
                    .append(listener)
            }
        }
    }

    /// Who listens for the event and is meant by it, in the order in which campaigns were created. The plug-in is
    /// asked first, then `where`.
    func matches(_ event: Event) -> [Match] {
        guard let listeners = listeners[event.type] else { return [] }
        var found: [Match] = []
        let toSubject = event.subject.isEmpty ? nil : listeners.toSubject[event.subject]
        guard !listeners.toAll.isEmpty || toSubject != nil else { return [] }
        event.withView { view in
            for listener in listeners.toAll { Self.add(listener, event, view, to: &found) }
            for listener in toSubject ?? [] { Self.add(listener, event, view, to: &found) }
        }
        if !listeners.toAll.isEmpty, toSubject != nil, found.count > 1 {
            found.sort { $0.version < $1.version }
        }
        return found
    }

    private static func add(_ listener: Listener, _ event: Event, _ view: EventView, to found: inout [Match]) {
        guard listener.occurrence.matches(view) else { return }
        let holds = listener.where?.holds(event.properties, now: event.receivedAt) ?? true
        switch listener.role {
        case .trigger: found.append(Match(listener.version, .trigger(whereHolds: holds)))
        case .exception(let index): if holds { found.append(Match(listener.version, .exception(index))) }
        case .conversion(let index): if holds { found.append(Match(listener.version, .conversion(index))) }
        }
    }
}
