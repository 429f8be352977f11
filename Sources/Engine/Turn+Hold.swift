/// A send that is due and may not go yet (5, 9.7, 13).
extension Turn {
    /// Lets the send wait on. Gives it up where the hold would pass the campaign's end (5.1.4) or last too long (13).
    mutating func hold(
        _ wait: Wait,
        _ definition: Definition,
        until: Instant,
        _ code: Decision.Code,
        rule: String,
        why: Object,
        _ pass: Pass = Pass()
    ) -> Judged {
        if code != .deferredRateLimit {
            if let end = definition.campaign.duration.flatMap({ limits(of: $0).end }), until >= end {
                record(pass, definition, wait)
                var why = why
                why["held_until"] = .string(until.description)
                why["end"] = .string(end.description)
                return decide(.afterEnd, definition.campaign.id, rule: "5.1.4", of: wait.name, why: why)
            }
            if until > wait.firstDue + context.limits.longestHold {
                record(pass, definition, wait)
                var why = why
                why["held_until"] = .string(until.description)
                why["first_due"] = .string(wait.firstDue.description)
                return decide(.outsideWindowAtSend, definition.campaign.id, rule: "5.1.4", of: wait.name, why: why)
            }
        }
        keep(wait, until: until, isRateLimited: code == .deferredRateLimit)
        return decide(code, definition.campaign.id, rule: rule, of: wait.name, next: until, why: why)
    }

    /// Among the waits again, in its old place: the order in which sends began to wait (13, 10.7).
    mutating func keep(_ wait: Wait, until: Instant, isRateLimited: Bool) {
        var wait = wait
        wait.due = until
        wait.isRateLimited = isRateLimited
        let place = state.waits.firstIndex { $0.send > wait.send } ?? state.waits.endIndex
        state.waits.insert(wait, at: place)
        addTimer(until, of: wait)
    }

    /// Step 9.
    mutating func isOutsideWindow(_ definition: Definition, _ wait: Wait) -> Judged? {
        guard let window = definition.campaign.window else { return nil }
        let zone = zone(window.zone)
        if window.hours.contains(zone.wall(now).timeOfDay) { return nil }
        let why = compared(now, window.hours, zone, "window")
        if window.isNextAvailable, let opening = zone.next(in: window.hours, from: now) {
            return hold(wait, definition, until: opening, .deferredWindow, rule: "5.2.2", why: why)
        }
        return decide(.outsideWindowAtSend, definition.campaign.id, rule: "5.2.1", of: wait.name, why: why)
    }

    /// Step 13: 9.7 exempts a send that is left with in-app alone (13, 9.12).
    mutating func isAsleep(_ definition: Definition, _ wait: Wait, _ pass: Pass) -> Judged? {
        guard let quiet = quietHours(definition),
            pass.left.contains(where: { !queues(definition.campaign.messages[$0]) })
        else {
            return nil
        }
        let zone = zone(.user)
        guard quiet.hours.contains(zone.wall(now).timeOfDay) else { return nil }
        let why = compared(now, quiet.hours, zone, "quiet_hours")
        if quiet.mode == .defer, let end = zone.next(in: quiet.hours.complement, from: now) {
            return hold(wait, definition, until: end, .deferredQuietHours, rule: "10.1", why: why, pass)
        }
        record(pass, definition, wait)
        return decide(.quietHoursAborted, definition.campaign.id, rule: "10.1", of: wait.name, why: why)
    }
}
