import Engine

/// What is wrong with a channel just now, by the provider behind it (empty: there is one).
struct Conditions {
    struct Condition: Hashable, Sendable {
        var reason: String
        var since: Instant
        /// It took something before: it is none of those that anybody may name.
        var isKnown = false
    }

    /// A provider that is degraded from now on, or well again.
    struct News: Equatable {
        var service: Text
        /// Nil: it is well again.
        var reason: String?
        var isKnown = false
    }

    /// It takes nothing, or not all.
    private(set) var byService: [Text: Condition] = [:]
    /// One message or a few were put off: that says nothing of the others.
    private(set) var retrying: [Text: Condition] = [:]
    private var putOffs: [Text: Int] = [:]
    private var news: [News] = []

    var isEmpty: Bool { byService.isEmpty }
    /// Nothing was put off since something was taken.
    var isSilent: Bool { byService.isEmpty && putOffs.isEmpty }

    func tells(of service: Text) -> Bool {
        byService[service] != nil || retrying[service] != nil || putOffs[service] != nil
    }

    /// Beyond `LineLimits.mostTold` nothing is told of a further provider: the channel is degraded already.
    mutating func set(_ service: Text, _ reason: String, _ now: Instant, isKnown: Bool = false) {
        let before = byService[service]
        guard before != nil || byService.count < LineLimits.mostTold else { return }
        if before == nil { tell(News(service: service, reason: reason, isKnown: isKnown)) }
        byService[service] = Condition(reason: reason, since: before?.since ?? now, isKnown: before?.isKnown ?? isKnown)
        retrying[service] = nil
    }

    mutating func clear(_ service: Text) {
        if let before = byService.removeValue(forKey: service) {
            tell(News(service: service, isKnown: before.isKnown))
        }
        retrying[service] = nil
        putOffs[service] = nil
    }

    mutating func clearAll() {
        for service in byService.keys.sorted() { clear(service) }
        (retrying, putOffs) = ([:], [:])
    }

    mutating func learn(_ report: ChannelReport, _ now: Instant, putOffsToDegrade: Int, isKnown: Bool = false) {
        switch report.outcome {
        case .accepted, .refused, .addressDead: clear(report.service)
        case .unknown(let reason): count(report.service, reason, now, putOffsToDegrade, isKnown)
        case .tryAgain(_, let reason, .message): count(report.service, reason, now, putOffsToDegrade, isKnown)
        case .tryAgain(_, let reason, .throttled), .tryAgain(_, let reason, .unavailable),
            .tryAgain(_, let reason, .doubted):
            set(report.service, reason, now, isKnown: isKnown)
        }
    }

    /// One message that is put off says nothing of the provider; many one after the other do.
    private mutating func count(_ service: Text, _ reason: String, _ now: Instant, _ enough: Int, _ isKnown: Bool) {
        // Beyond that no further one is told of.
        guard putOffs[service] != nil || putOffs.count < LineLimits.mostTold else { return }
        putOffs[service, default: 0] += 1
        if putOffs[service, default: 0] >= enough { return set(service, reason, now, isKnown: isKnown) }
        guard byService[service] == nil else { return }  // Worse is told of it.
        retrying[service] = Condition(reason: reason, since: retrying[service]?.since ?? now)
    }

    // MARK: News

    /// One that comes and goes before anybody was told is none.
    private mutating func tell(_ piece: News) {
        guard news.count < LineLimits.mostTold else { return }  // More than the log takes.
        if news.last?.service == piece.service, piece.reason == nil { news.removeLast() } else { news.append(piece) }
    }

    /// What came and went since the last call.
    mutating func takeNews() -> [News] {
        defer { if !news.isEmpty { news = [] } }
        return news
    }
}
