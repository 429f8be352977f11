import Engine
import Storage

/// What the outcome of a try means for its message.
enum Verdict {
    case settled(DeliveryOutcome)
    /// It is tried again, as this state says.
    case putOff(OutboxState)
}

extension Verdict {
    /// - Parameters:
    ///   - report: with the provider that it is of.
    ///   - entry: what was tried.
    ///   - rest: how long the lane rests, where the outcome is of its own provider.
    ///   - isWithdrawn: the message must not be tried again.
    init(
        _ report: ChannelReport,
        of entry: OutboxEntry,
        rest: Length,
        isWithdrawn: Bool,
        _ settings: LineSettings,
        _ now: Instant
    ) {
        var state = entry.state ?? OutboxState()
        let wait: Length
        let reason: String
        var resting: Length?
        var longest = settings.longestPause
        switch report.outcome {
        case .accepted(let id):
            self = .settled(.accepted(id: id))
            return
        case .refused(let reason), .addressDead(_, let reason):
            self = .settled(.refused(reason: reason))
            return
        case .unknown(let why):
            guard let pause = Self.pause(afterUnknowns: Int(state.unknowns), settings) else {
                self = .settled(.unknown(reason: Self.reason(why, afterUnknowns: Int(state.unknowns), settings)))
                return
            }
            // The others may be repeated without end, and are not counted.
            if settings.unknownPolicy == .aFewTimes { state.unknowns += 1 }
            (wait, reason) = (pause, why)
            // Of a provider that hangs: it goes when its lane does, unless the policy spaces it out.
            if report.isHanging, settings.unknownPolicy == .again, rest > .zero { resting = rest }
        case .tryAgain(let after, let why, let cause):
            (wait, reason) = (after, why)
            // The whole lane rests: the message goes when it does.
            if cause == .unavailable, rest > .zero { resting = rest }
            if cause == .doubted {
                state.doubtedBy = report.service
                // Soon at hand again: its turn comes when its lane says so.
                longest = min(longest, settings.longestRest)
            }
        }
        let last = entry.message.claimedAt + settings.givesUpAfter
        if isWithdrawn {
            self = .settled(.withdrawn)
        } else if now >= last {
            self = .settled(.gaveUp(reason: reason))
        } else {
            state.attempts += 1
            let backOff = BackOff.pause(state.attempts, longest: longest, key: entry.message.key)
            state.notBefore = min(now + (resting ?? max(wait, backOff)), last)
            state.reason = reason
            state.isHandedOver = false
            state.deadAddresses += report.deadAddresses.filter { !state.deadAddresses.contains($0) }
            self = .putOff(state)
        }
    }

    /// How long a message waits of which nobody knows whether the provider has it; nil: it is not sent again.
    private static func pause(afterUnknowns unknowns: Int, _ settings: LineSettings) -> Length? {
        switch settings.unknownPolicy {
        case .neverAgain: nil
        case .again: .zero
        case .aFewTimes: settings.unknownPauses.indices.contains(unknowns) ? settings.unknownPauses[unknowns] : nil
        }
    }

    private static func reason(_ why: String, afterUnknowns unknowns: Int, _ settings: LineSettings) -> String {
        switch settings.unknownPolicy {
        case .neverAgain, .again: why
        case .aFewTimes: "sent \(unknowns + 1) times, and nobody knows whether it came: \(why)"
        }
    }
}
