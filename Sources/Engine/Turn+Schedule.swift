/// When a send is due, and the clocks that may forbid it (3, 5, 10.1).
extension Turn {
    /// The instant that a trigger at `trigger` is to be sent at, of a debounce whose chain began at `first`; nil where
    /// the delay has none (3.1).
    func due(of campaign: Campaign, trigger: Instant, first: Instant, properties: Object) -> Instant? {
        guard let due = due(campaign.delay, trigger: trigger, properties: properties) else { return nil }
        return campaign.debouncesAtMost.map { min(due, first + $0) } ?? due
    }

    /// As the delay alone has it.
    func due(_ delay: Delay, trigger: Instant, properties: Object) -> Instant? {
        switch delay {
        case .length(let length): return trigger + length
        case .next(let weekday, let at, let choice):
            let (zone, time) = clock(at, choice)
            let day = zone.wall(trigger).day
            let ahead = (weekday.rawValue - Weekday(day: day).rawValue + 7) % 7
            return zone.instant(.of(day: day + Int64(ahead == 0 ? 7 : ahead), time))
        case .days(let days, let at, let choice):
            let (zone, time) = clock(at, choice)
            let day = zone.wall(trigger).day + days
            let due = zone.instant(.of(day: day, time))
            return days == 0 && due <= trigger ? zone.instant(.of(day: day + 1, time)) : due
        case .until(let path, let shift):
            guard let text = path.values(in: properties).first?.string, let wall = WallTime(iso8601: text) else {
                return nil
            }
            // 14: it is the instant of the send that may not be past, not the date.
            let due = (wall.offset.map { wall.instant(offset: $0) } ?? zone(.user).instant(wall)) + shift
            return due >= trigger && due <= trigger + context.limits.longestUntil ? due : nil
        }
    }

    private func clock(_ time: Delay.TimeOfDay, _ choice: ZoneChoice) -> (Zone, ClockTime) {
        switch time {
        case .clock(let clock): return (zone(choice), clock)
        case .best(let fallback):
            let zone = zone(.user)  // 3.5.3
            guard state.engagements.count >= context.limits.fewestEngagements else { return (zone, fallback) }
            var hours = [Int](repeating: 0, count: 24)
            for instant in state.engagements { hours[Int(zone.wall(instant).timeOfDay.milliseconds / 3_600_000)] += 1 }
            let best = hours.indices.max { (hours[$0], $1) < (hours[$1], $0) } ?? 0  // the earliest of a tie
            return (zone, ClockTime(milliseconds: Int64(best) * 3_600_000))
        }
    }

    /// When the campaign's duration begins and ends on this user's clock (5.1).
    func limits(of duration: CampaignDuration) -> (start: Instant?, end: Instant?) {
        func instant(_ wall: WallTime?) -> Instant? {
            guard let wall else { return nil }
            if let offset = wall.offset { return wall.instant(offset: offset) }
            return (duration.zone.map { zone($0) } ?? .utc).instant(wall)
        }
        return (instant(duration.start), instant(duration.end))
    }

    /// Nil: `instant` lies in [start, end). Otherwise why not was decided.
    mutating func isOutsideDuration(
        _ definition: Definition,
        _ instant: Instant,
        of send: SendName?,
        channel: String? = nil
    ) -> Judged? {
        guard let duration = definition.campaign.duration else { return nil }
        let (start, end) = limits(of: duration)
        func why(_ name: String, _ limit: Instant) -> Object {
            ["at": .string(instant.description), name: .string(limit.description)]
        }
        if let start, instant < start {
            return decide(
                .beforeStart,
                definition.campaign.id,
                channel: channel,
                rule: "5.1.3",
                of: send,
                next: start,
                why: why("start", start)
            )
        }
        if let end, instant >= end {
            return decide(
                .afterEnd,
                definition.campaign.id,
                channel: channel,
                rule: "5.1.3",
                of: send,
                why: why("end", end)
            )
        }
        return nil
    }

    /// The quiet hours that the campaign keeps: its own before the workspace's (10.1).
    func quietHours(_ definition: Definition) -> QuietHours? {
        switch definition.campaign.quietHours {
        case .workspace: context.workspace.quietHours
        case .none: nil
        case .own(let hours): hours
        }
    }

    /// What a clock rule compared: `18:00:00 Europe/Paris`, `09:00 to 17:00`.
    func compared(_ instant: Instant, _ hours: ClockRange, _ zone: Zone, _ name: String) -> Object {
        let time = zone.wall(instant).timeOfDay.milliseconds / 1_000 * 1_000
        return ["clock": .string("\(ClockTime(milliseconds: time)) \(zone.name)"), name: .string(hours.description)]
    }
}
