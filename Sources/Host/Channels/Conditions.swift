import Engine

/// What is wrong with a channel just now, by the provider behind it (empty: there is one).
struct Conditions {
    struct Condition: Hashable, Sendable {
        var reason: String
        var since: Instant
    }

    private(set) var byService: [Text: Condition] = [:]
    private var putOffs: [Text: Int] = [:]

    var isEmpty: Bool { byService.isEmpty }

    /// Beyond `LineSettings.mostTold` nothing is told of a further provider: the channel is degraded already.
    mutating func set(_ service: Text, _ reason: String, _ now: Instant) {
        guard byService[service] != nil || byService.count < LineSettings.mostTold else { return }
        byService[service] = Condition(reason: reason, since: byService[service]?.since ?? now)
    }

    mutating func clear(_ service: Text) {
        byService[service] = nil
        putOffs[service] = nil
    }

    mutating func learn(_ report: ChannelReport, _ now: Instant, putOffsToDegrade: Int) {
        switch report.outcome {
        case .accepted, .refused, .addressDead: clear(report.service)
        case .unknown(let reason): count(report.service, reason, now, putOffsToDegrade)
        case .tryAgain(_, let reason, .message): count(report.service, reason, now, putOffsToDegrade)
        case .tryAgain(_, let reason, .throttled), .tryAgain(_, let reason, .unavailable),
            .tryAgain(_, let reason, .doubted):
            set(report.service, reason, now)
        }
    }

    /// One message that is put off says nothing of the provider; many one after the other do.
    private mutating func count(_ service: Text, _ reason: String, _ now: Instant, _ enough: Int) {
        guard putOffs[service] != nil || putOffs.count < LineSettings.mostTold else { return }
        putOffs[service, default: 0] += 1
        if putOffs[service, default: 0] >= enough { set(service, reason, now) }
    }
}
