import Core
import Engine
import Schema

/// Delays, clocks and groups between the engine and the schema.
extension Delay {
    init(_ message: UnsafePointer<Triggerd__V1__CalendarDelay>) throws(CampaignProblem) {
        let delay = message.pointee
        if delay.kind_case == TRIGGERD__V1__CALENDAR_DELAY__KIND_UNTIL {
            let text = String(cString: delay.until)
            guard let path = PropertyPath(text) else {
                throw CampaignProblem(field: "delay.until", "\"\(text)\" is no path to a property")
            }
            try Self.checkAlone(delay, beside: "until")
            self = .until(path, shift: try Self.shift(delay))
            return
        }
        guard delay.shift_case == TRIGGERD__V1__CALENDAR_DELAY__SHIFT__NOT_SET else {
            throw CampaignProblem(field: "delay.until", "is missing: `before_ms` and `after_ms` move its date")
        }
        if delay.kind_case == TRIGGERD__V1__CALENDAR_DELAY__KIND_LENGTH_MS {
            try Self.checkAlone(delay, beside: "length_ms")
            self = .length(try Length(notBelowZero: delay.length_ms, "delay.length_ms"))
            return
        }
        let zone = try ZoneChoice(delay.time_zone, at: "delay.time_zone") ?? .user
        let time: TimeOfDay
        if String(cString: delay.at) == "best_time" {
            let fallback = String(cString: delay.fallback)
            time = .best(fallback: fallback.isEmpty ? Self.fallback : try ClockTime(fallback, at: "delay.fallback"))
            guard zone == .user else {
                throw CampaignProblem(field: "delay.time_zone", "the best time is always the user's own")
            }
        } else {
            guard isEmpty(delay.fallback) else {
                throw CampaignProblem(field: "delay.fallback", "belongs to `at: best_time`")
            }
            time = .clock(try ClockTime(String(cString: delay.at), at: "delay.at"))
        }
        switch delay.kind_case {
        case TRIGGERD__V1__CALENDAR_DELAY__KIND_NEXT:
            let name = String(cString: delay.next)
            guard let weekday = Weekday(name: name) else {
                throw CampaignProblem(field: "delay.next", "\"\(name)\" is no weekday")
            }
            self = .next(weekday, at: time, zone)
        case TRIGGERD__V1__CALENDAR_DELAY__KIND_DAYS:
            guard delay.days >= 0 else { throw CampaignProblem(field: "delay.days", "is below zero") }
            self = .days(delay.days, at: time, zone)
        default: throw CampaignProblem(field: "delay", "none of next, days, until and length_ms is there")
        }
    }

    /// What is of the calendar's delays alone.
    private static func checkAlone(_ delay: Triggerd__V1__CalendarDelay, beside name: String) throws(CampaignProblem) {
        for (field, text) in [("at", delay.at), ("fallback", delay.fallback), ("time_zone", delay.time_zone)]
        where !isEmpty(text) {
            throw CampaignProblem(field: "delay.\(field)", "has no meaning beside `\(name)`")
        }
    }

    /// 14: how far the date of `until` is moved.
    private static func shift(_ delay: Triggerd__V1__CalendarDelay) throws(CampaignProblem) -> Length {
        switch delay.shift_case {
        case TRIGGERD__V1__CALENDAR_DELAY__SHIFT_BEFORE_MS:
            let before = try Length(notBelowZero: delay.before_ms, "delay.before_ms")
            return Length(milliseconds: -before.milliseconds)
        case TRIGGERD__V1__CALENDAR_DELAY__SHIFT_AFTER_MS:
            return try Length(notBelowZero: delay.after_ms, "delay.after_ms")
        default: return .zero
        }
    }

    /// `at_most` stands in the same message.
    static func atMost(_ message: UnsafePointer<Triggerd__V1__CalendarDelay>) throws(CampaignProblem) -> Length? {
        guard message.pointee.latest_case == TRIGGERD__V1__CALENDAR_DELAY__LATEST_AT_MOST_MS else { return nil }
        return try Length(notBelowZero: message.pointee.at_most_ms, "delay.at_most_ms")
    }

    func message(in arena: Arena, atMost: Length?) -> UnsafeMutablePointer<Triggerd__V1__CalendarDelay> {
        let message = arena.make(triggerd__v1__calendar_delay__init)
        if let atMost {
            message.pointee.latest_case = TRIGGERD__V1__CALENDAR_DELAY__LATEST_AT_MOST_MS
            message.pointee.at_most_ms = atMost.milliseconds
        }
        func set(_ time: TimeOfDay, _ zone: ZoneChoice) {
            switch time {
            case .clock(let clock): message.pointee.at = arena.text(clock.description)
            case .best(let fallback):
                message.pointee.at = arena.text("best_time")
                message.pointee.fallback = arena.text(fallback.description)
            }
            message.pointee.time_zone = arena.text(zone.rawValue)
        }
        switch self {
        case .length(let length):
            message.pointee.kind_case = TRIGGERD__V1__CALENDAR_DELAY__KIND_LENGTH_MS
            message.pointee.length_ms = length.milliseconds
        case .next(let weekday, let time, let zone):
            message.pointee.kind_case = TRIGGERD__V1__CALENDAR_DELAY__KIND_NEXT
            message.pointee.next = arena.text(weekday.name)
            set(time, zone)
        case .days(let days, let time, let zone):
            message.pointee.kind_case = TRIGGERD__V1__CALENDAR_DELAY__KIND_DAYS
            message.pointee.days = days
            set(time, zone)
        case .until(let path, let shift):
            message.pointee.kind_case = TRIGGERD__V1__CALENDAR_DELAY__KIND_UNTIL
            message.pointee.until = arena.text(path.description)
            if shift < .zero {
                message.pointee.shift_case = TRIGGERD__V1__CALENDAR_DELAY__SHIFT_BEFORE_MS
                message.pointee.before_ms = -shift.milliseconds
            } else if shift > .zero {
                message.pointee.shift_case = TRIGGERD__V1__CALENDAR_DELAY__SHIFT_AFTER_MS
                message.pointee.after_ms = shift.milliseconds
            }
        }
        return message
    }
}

extension Length {
    /// -INT64_MIN is no number either.
    init(notBelowZero milliseconds: Int64, _ field: String) throws(CampaignProblem) {
        guard milliseconds >= 0 else { throw CampaignProblem(field: field, "is below zero") }
        self.init(milliseconds: milliseconds)
    }
}

extension CampaignDuration {
    init(_ message: UnsafePointer<Triggerd__V1__Duration>) throws(CampaignProblem) {
        func wall(_ text: UnsafePointer<CChar>, _ field: String) throws(CampaignProblem) -> WallTime? {
            let text = String(cString: text)
            guard !text.isEmpty else { return nil }  // It has no such end.
            guard let wall = WallTime(iso8601: text) else {
                throw CampaignProblem(field: field, "\"\(text)\" is no instant in ISO 8601")
            }
            return wall
        }
        self.init(
            start: try wall(message.pointee.start, "duration.start"),
            end: try wall(message.pointee.end, "duration.end"),
            zone: try ZoneChoice(message.pointee.time_zone, at: "duration.time_zone")
        )
    }

    func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__Duration> {
        let message = arena.make(triggerd__v1__duration__init)
        if let start { message.pointee.start = arena.text(start.description) }
        if let end { message.pointee.end = arena.text(end.description) }
        if let zone { message.pointee.time_zone = arena.text(zone.rawValue) }
        return message
    }
}

extension Window {
    init(_ message: UnsafePointer<Triggerd__V1__Window>) throws(CampaignProblem) {
        let window = message.pointee
        let name = String(cString: window.anchor)
        guard let anchor = name.isEmpty ? .triggerAndDelivery : Anchor(rawValue: name) else {
            throw CampaignProblem(field: "window.anchor", "\"\(name)\" is none of trigger_and_delivery, delivery")
        }
        self.init(
            hours: try ClockRange(window.from, window.to, at: "window"),
            isNextAvailable: window.next_available != 0,
            anchor: anchor,
            zone: try ZoneChoice(window.time_zone, at: "window.time_zone") ?? .user
        )
    }

    func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__Window> {
        let message = arena.make(triggerd__v1__window__init)
        message.pointee.from = arena.text(hours.from.description)
        message.pointee.to = arena.text(hours.to.description)
        message.pointee.next_available = isNextAvailable ? 1 : 0
        message.pointee.anchor = arena.text(anchor.rawValue)
        message.pointee.time_zone = arena.text(zone.rawValue)
        return message
    }
}

extension QuietHours {
    init(_ message: UnsafePointer<Triggerd__V1__QuietHours>, at path: String) throws(CampaignProblem) {
        let name = String(cString: message.pointee.mode)
        guard let mode = name.isEmpty ? .defer : Mode(rawValue: name) else {
            throw CampaignProblem(field: "\(path).mode", "\"\(name)\" is none of defer, abort")
        }
        self.init(hours: try ClockRange(message.pointee.from, message.pointee.to, at: path), mode: mode)
    }

    func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__QuietHours> {
        let message = arena.make(triggerd__v1__quiet_hours__init)
        message.pointee.from = arena.text(hours.from.description)
        message.pointee.to = arena.text(hours.to.description)
        message.pointee.mode = arena.text(mode.rawValue)
        return message
    }
}

extension Triggerd__V1__QuietHours {
    /// Without hours.
    var isBare: Bool { isEmpty(from) && isEmpty(to) && isEmpty(mode) }
}

/// Of a field of a message.
private func isEmpty(_ text: UnsafePointer<CChar>?) -> Bool { text?.pointee ?? 0 == 0 }

extension ControlGroup {
    init(_ message: UnsafePointer<Triggerd__V1__ControlGroup>, at path: String) throws(CampaignProblem) {
        let users = elements(message.pointee.n_users, message.pointee.users).map { Text(cString: $0) }
        guard users.isEmpty || message.pointee.percent == 0 else {
            throw CampaignProblem(field: "\(path).percent", "stands beside `users`: one of the two")
        }
        self = users.isEmpty ? .percent(message.pointee.percent) : .users(users)
    }

    func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__ControlGroup> {
        let message = arena.make(triggerd__v1__control_group__init)
        switch self {
        case .percent(let percent): message.pointee.percent = percent
        case .users(let users):
            message.pointee.n_users = users.count
            message.pointee.users = arena.array(users.map { arena.text($0) })
        }
        return message
    }
}

extension Workspace {
    init(_ message: UnsafePointer<Triggerd__V1__Workspace>) throws(CampaignProblem) {
        self.init()
        let workspace = message.pointee
        let zone = String(cString: workspace.time_zone)
        if !zone.isEmpty { timeZone = zone }
        for (index, message) in elements(workspace.n_frequency_caps, workspace.frequency_caps).enumerated() {
            let field = "workspace.frequency_caps[\(index)]"
            let channel = String(cString: message.pointee.channel)
            let per = String(cString: message.pointee.per)
            guard let period = FrequencyCap.Period(per) else {
                throw CampaignProblem(
                    field: "\(field).per",
                    "\"\(per)\" is no period: minutes, hours, days or weeks, like 1d"
                )
            }
            guard message.pointee.at_most >= 0 else {
                throw CampaignProblem(field: "\(field).at_most", "is below zero")
            }
            frequencyCaps.append(
                FrequencyCap(
                    atMost: message.pointee.at_most,
                    channel: channel.isEmpty || channel == "any" ? nil : channel,
                    per: period
                )
            )
        }
        controlGroup = try workspace.control_group.map { message throws(CampaignProblem) in
            try ControlGroup(message, at: "workspace.control_group")
        }
        if let quiet = workspace.quiet_hours, quiet.pointee.none != 0 {
            throw CampaignProblem(field: "workspace.quiet_hours.none", "is of a campaign: leave the workspace's out")
        }
        if let quiet = workspace.quiet_hours { quietHours = try QuietHours(quiet, at: "workspace.quiet_hours") }
    }

    func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__Workspace> {
        let message = arena.make(triggerd__v1__workspace__init)
        message.pointee.time_zone = arena.text(timeZone)
        message.pointee.n_frequency_caps = frequencyCaps.count
        message.pointee.frequency_caps = arena.array(
            frequencyCaps.map { cap in
                let message = arena.make(triggerd__v1__frequency_cap__init)
                message.pointee.at_most = cap.atMost
                message.pointee.channel = arena.text(cap.channel ?? "")
                message.pointee.per = arena.text(cap.per.description)
                return message
            }
        )
        message.pointee.control_group = controlGroup?.message(in: arena)
        message.pointee.quiet_hours = quietHours?.message(in: arena)
        return message
    }

    package init(packed: [UInt8]) throws {
        self = try packed.withUnsafeBytes { bytes in
            try Arena.use { arena in
                try Workspace(arena.unpack(Triggerd__V1__Workspace.self, schema_workspace(), bytes))
            }
        }
    }

    package func packed() -> [UInt8] {
        Arena.use { arena in arena.pack(UnsafePointer(message(in: arena))) }
    }
}

extension ZoneChoice {
    /// Nil for an empty text.
    fileprivate init?(_ text: UnsafePointer<CChar>, at field: String) throws(CampaignProblem) {
        let name = String(cString: text)
        guard !name.isEmpty else { return nil }
        guard let choice = Self(rawValue: name) else {
            throw CampaignProblem(field: field, "\"\(name)\" is none of user, company")
        }
        self = choice
    }
}

extension ClockTime {
    fileprivate init(_ text: String, at field: String) throws(CampaignProblem) {
        guard let time = Self(text) else {
            throw CampaignProblem(field: field, "\"\(text)\" is no clock time, like 09:00")
        }
        self = time
    }
}

extension ClockRange {
    fileprivate init(
        _ from: UnsafePointer<CChar>,
        _ to: UnsafePointer<CChar>,
        at path: String
    ) throws(CampaignProblem) {
        self.init(
            from: try ClockTime(String(cString: from), at: "\(path).from"),
            to: try ClockTime(String(cString: to), at: "\(path).to")
        )
    }
}
