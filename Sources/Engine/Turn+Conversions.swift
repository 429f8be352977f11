/// What is credited to a receipt (8).
extension Turn {
    /// From the hand-over on, what follows may convert (8.3). Until the message is accepted the window is pending: what
    /// it credits is recorded then, or never (14).
    mutating func openWindow(
        _ version: CampaignVersion,
        _ send: UInt64,
        channel: String?,
        at instant: Instant? = nil,
        isPending: Bool = false
    ) {
        guard let conversions = context.campaigns.campaign(version)?.conversions, !conversions.isEmpty else { return }
        state.conversionWindows.removeAll { window in
            !window.isPending && window.end(context) < now
        }
        state.conversionWindows.makeRoom(for: 1, of: context.limits.conversionWindows) { !$0.isPending }
        var window = ConversionWindow(version: version, send: send, channel: channel, opened: instant ?? now)
        window.isPending = isPending
        state.conversionWindows.append(window)
        tallies[version.number, default: Tally()].open(until: window.end(context), of: version.version)
        effects.tallies.insert(version.number)
    }

    /// The message was accepted: what its window credited meanwhile is recorded, at the instants of its events' receipt.
    mutating func confirmWindow(of claim: Claim) {
        guard let index = pendingWindow(of: claim) else {
            return openWindow(claim.version, claim.send, channel: claim.channel, at: claim.at)
        }
        state.conversionWindows[index].isPending = false
        let window = state.conversionWindows[index]
        state.conversionWindows[index].unrecorded = []
        for credit in window.unrecorded {
            record(credit, of: window)
            guard credit.raises else { continue }
            raiseConversion(of: claim.campaign, credit)
            // Once per event and campaign (13), whichever of its messages is accepted first.
            for other in state.conversionWindows.indices
            where state.conversionWindows[other].version.number == claim.campaign {
                for place in state.conversionWindows[other].unrecorded.indices
                where state.conversionWindows[other].unrecorded[place].event == credit.event {
                    state.conversionWindows[other].unrecorded[place].raises = false
                }
            }
        }
    }

    /// Nothing came of the message, and so nothing of what followed it.
    mutating func dropWindow(of claim: Claim) {
        if let index = pendingWindow(of: claim) { state.conversionWindows.remove(at: index) }
    }

    private func pendingWindow(of claim: Claim) -> Int? {
        state.conversionWindows.firstIndex {
            $0.isPending && $0.send == claim.send && $0.channel == claim.channel
        }
    }

    /// Every window that is open and hears this event.
    mutating func convert(_ event: Event, _ matches: [Match]) {
        guard !state.conversionWindows.isEmpty else { return }  // Nothing hears it.
        var number: UInt64?
        var raised: [CampaignNumber] = []
        for match in matches {
            guard case .conversion(let place) = match.role else { continue }
            guard let conversions = context.campaigns.campaign(match.version)?.conversions,
                conversions.indices.contains(place)
            else { preconditionFailure("\(event.name) is conversion \(place) of \(match.version), which is not there") }
            let deadline = conversions[place].within
            for index in state.conversionWindows.indices {
                let window = state.conversionWindows[index]
                guard window.version == match.version, !window.credited.contains(place),
                    window.opened <= event.time, event.time < window.opened + deadline  // 8.3
                else { continue }
                state.conversionWindows[index].credited.append(place)
                var credit = Credit(place: place, event: 0, event)
                if window.isPending {
                    credit.event = number ?? takeSequence()
                    number = credit.event
                    state.conversionWindows[index].unrecorded.append(credit)
                    continue
                }
                record(credit, of: window)
                if credit.raises, !raised.contains(match.version.number) {
                    raised.append(match.version.number)
                    raiseConversion(of: match.version.number, credit)
                }
            }
        }
        guard let number, !raised.isEmpty else { return }  // Nothing converted.
        for index in state.conversionWindows.indices
        where raised.contains(state.conversionWindows[index].version.number) {
            for place in state.conversionWindows[index].unrecorded.indices
            where state.conversionWindows[index].unrecorded[place].event == number {
                state.conversionWindows[index].unrecorded[place].raises = false
            }
        }
    }

    private mutating func record(_ credit: Credit, of window: ConversionWindow) {
        let conversions = context.campaigns.campaign(window.version)?.conversions ?? []
        let deadline = conversions.indices.contains(credit.place) ? conversions[credit.place].within : .zero
        decide(
            .converted,
            campaignID(window.version),
            channel: window.channel,
            rule: "8.3",
            of: SendName(window.send, window.version),
            at: credit.receivedAt,
            why: [
                "event": .string(credit.name), "event_at": .string(credit.time.description),
                "received_at": .string(window.opened.description),
                "until": .string((window.opened + deadline).description),
            ],
            conversion: credit.place + 1
        )
    }

    private mutating func raiseConversion(of number: CampaignNumber, _ credit: Credit) {
        raise(
            Event.conversion,
            context.campaigns.head(number)?.id,
            at: credit.time,
            depth: credit.depth,
            chain: credit.chain
        )
    }
}

extension ConversionWindow {
    /// From then on nothing converts in it, however late it is told.
    package func end(_ context: Context) -> Instant {
        let longest = context.campaigns.campaign(version)?.conversions.map(\.within).max() ?? .zero
        return opened + longest + context.limits.lateConversions
    }
}

extension Credit {
    fileprivate init(place: Int, event number: UInt64, _ event: Event) {
        self.init(
            place: place,
            event: number,
            name: event.name,
            time: event.time,
            receivedAt: event.receivedAt,
            depth: event.depth,
            chain: event.chain,
            raises: place == 0  // 8.6
        )
    }
}
