import Engine
import Patterns
import Schema

/// Campaigns between the engine and the schema; packed, the same message is what the store keeps.
extension Campaign {
    /// Throws what the message itself gets wrong, with the field's path.
    init(
        _ message: UnsafePointer<Triggerd__V1__Campaign>,
        filters allowance: inout FilterAllowance
    ) throws(CampaignProblem) {
        let campaign = message.pointee
        let id = Text(cString: campaign.campaign)
        do throws(CampaignProblem) {
            guard let trigger = campaign.trigger else { throw CampaignProblem(field: "trigger", "is required") }
            var exceptions: [Occurrence] = []
            for (index, exception) in elements(campaign.n_exceptions, campaign.exceptions).enumerated() {
                exceptions.append(try Occurrence(exception, at: "exceptions[\(index)]", &allowance))
            }
            var messages: [Message] = []
            for (index, message) in elements(campaign.n_messages, campaign.messages).enumerated() {
                messages.append(try Message(message, at: "messages[\(index)]"))
            }
            self.init(
                id: id,
                launchedAt: try Self.launch(campaign),
                trigger: try Occurrence(trigger, at: "trigger", &allowance),
                exceptions: exceptions,
                messages: messages
            )
            try readWhen(campaign)
            try readWhom(campaign, &allowance)
            if !allowance.isStored { try checkFilters() }
        } catch {
            throw error.of(id)
        }
    }

    private static func launch(_ campaign: Triggerd__V1__Campaign) throws(CampaignProblem) -> Instant? {
        guard campaign.launch_case == TRIGGERD__V1__CAMPAIGN__LAUNCH_LAUNCHED_AT_MS else { return nil }
        let launch = Instant(milliseconds: campaign.launched_at_ms)
        guard Instant.allowed.contains(launch) else {
            throw CampaignProblem(
                field: "launched_at_ms",
                "\(campaign.launched_at_ms) is not within the years 1 to 9999"
            )
        }
        return launch
    }

    /// `where` asks of the event, every other filter of the user.
    private func checkFilters() throws(CampaignProblem) {
        let wheres = occurrences.map { ("\($0.field).where", $0.occurrence.where) }
        for (path, subject) in wheres.flatMap({ $1?.subjects(at: $0) ?? [] }) {
            guard case .property = subject else {
                throw CampaignProblem(field: "\(path).fact", "is of the user: `where` asks of the event's properties")
            }
        }
        for (path, subject) in [("audience", audience), ("abort_if", abortIf)].flatMap({ $1?.subjects(at: $0) ?? [] }) {
            if case .property = subject {
                throw CampaignProblem(field: "\(path).property", "is of an event: this filter asks of the user")
            }
        }
    }

    private mutating func readWhen(_ campaign: Triggerd__V1__Campaign) throws(CampaignProblem) {
        if let calendar = campaign.delay {
            guard campaign.delay_ms == 0 else { throw CampaignProblem(field: "delay_ms", "stands beside `delay`") }
            delay = try Delay(calendar)
            debouncesAtMost = try Delay.atMost(calendar)
        } else {
            delay = .length(try Length(notBelowZero: campaign.delay_ms, "delay_ms"))
        }
        duration = try campaign.duration.map { message throws(CampaignProblem) in try CampaignDuration(message) }
        window = try campaign.window.map { message throws(CampaignProblem) in try Window(message) }
        if let quiet = campaign.quiet_hours {
            if quiet.pointee.none != 0, !quiet.pointee.isBare {
                throw CampaignProblem(field: "quiet_hours.none", "stands beside hours of its own")
            }
            quietHours = quiet.pointee.none != 0 ? .none : .own(try QuietHours(quiet, at: "quiet_hours"))
        }
        if let age = campaign.max_event_age { maxEventAge = try Length(notBelowZero: age.pointee.ms, "max_event_age") }
    }

    private mutating func readWhom(
        _ campaign: Triggerd__V1__Campaign,
        _ allowance: inout FilterAllowance
    ) throws(CampaignProblem) {
        if let filter = campaign.audience { audience = try Filter(filter, at: "audience", &allowance) }
        rechecksAudience = campaign.recheck_audience_at_send != 0
        if let again = campaign.re_eligibility {
            reEligibility = .after(try Length(notBelowZero: again.pointee.after_ms, "re_eligibility.after_ms"))
        }
        for (index, message) in elements(campaign.n_conversions, campaign.conversions).enumerated() {
            let path = "conversions[\(index)]"
            guard let occurrence = message.pointee.occurrence else {
                throw CampaignProblem(field: "\(path).occurrence", "is required")
            }
            var within = Conversion.defaultDeadline
            if message.pointee.deadline_case == TRIGGERD__V1__CONVERSION__DEADLINE_WITHIN_MS {
                within = try Length(notBelowZero: message.pointee.within_ms, "\(path).within_ms")
            }
            conversions.append(Conversion(try Occurrence(occurrence, at: path, &allowance), within: within))
        }
        rateLimit = campaign.rate_limit?.pointee.per_minute
        maxRecipients =
            campaign.recipients_case == TRIGGERD__V1__CAMPAIGN__RECIPIENTS_MAX_RECIPIENTS
            ? campaign.max_recipients : nil
        isExemptFromFrequencyCaps = campaign.exempt_from_frequency_caps != 0
        requiresOptIn = campaign.require_opt_in != 0
        controlGroup = try campaign.control_group.map { message throws(CampaignProblem) in
            try ControlGroup(message, at: "control_group")
        }
        if let filter = campaign.abort_if { abortIf = try Filter(filter, at: "abort_if", &allowance) }
    }

    /// Its id alone.
    func nameMessage(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__Campaign> {
        let message = arena.make(triggerd__v1__campaign__init)
        message.pointee.campaign = arena.text(id)
        return message
    }

    func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__Campaign> {
        let message = nameMessage(in: arena)
        if let launchedAt {
            message.pointee.launch_case = TRIGGERD__V1__CAMPAIGN__LAUNCH_LAUNCHED_AT_MS
            message.pointee.launched_at_ms = launchedAt.milliseconds
        }
        message.pointee.trigger = trigger.message(in: arena)
        if case .length(let length) = delay, debouncesAtMost == nil {
            message.pointee.delay_ms = length.milliseconds
        } else {
            message.pointee.delay = delay.message(in: arena, atMost: debouncesAtMost)
        }
        if let audience { message.pointee.audience = audience.message(in: arena) }
        message.pointee.recheck_audience_at_send = rechecksAudience ? 1 : 0
        if let duration { message.pointee.duration = duration.message(in: arena) }
        if let window { message.pointee.window = window.message(in: arena) }
        switch quietHours {
        case .workspace: break
        case .none:
            let none = arena.make(triggerd__v1__quiet_hours__init)
            none.pointee.none = 1
            message.pointee.quiet_hours = none
        case .own(let hours): message.pointee.quiet_hours = hours.message(in: arena)
        }
        message.pointee.n_conversions = conversions.count
        message.pointee.conversions = arena.array(
            conversions.map { conversion in
                let message = arena.make(triggerd__v1__conversion__init)
                message.pointee.occurrence = conversion.occurrence.message(in: arena)
                message.pointee.deadline_case = TRIGGERD__V1__CONVERSION__DEADLINE_WITHIN_MS
                message.pointee.within_ms = conversion.within.milliseconds
                return message
            }
        )
        if let maxEventAge {
            let age = arena.make(triggerd__v1__length__init)
            age.pointee.ms = maxEventAge.milliseconds
            message.pointee.max_event_age = age
        }
        if let rateLimit {
            let limit = arena.make(triggerd__v1__rate_limit__init)
            limit.pointee.per_minute = rateLimit
            message.pointee.rate_limit = limit
        }
        if let maxRecipients {
            message.pointee.recipients_case = TRIGGERD__V1__CAMPAIGN__RECIPIENTS_MAX_RECIPIENTS
            message.pointee.max_recipients = maxRecipients
        }
        message.pointee.exempt_from_frequency_caps = isExemptFromFrequencyCaps ? 1 : 0
        message.pointee.require_opt_in = requiresOptIn ? 1 : 0
        message.pointee.control_group = controlGroup?.message(in: arena)
        if let abortIf { message.pointee.abort_if = abortIf.message(in: arena) }
        message.pointee.n_exceptions = exceptions.count
        message.pointee.exceptions = arena.array(exceptions.map { $0.message(in: arena) })
        if case .after(let wait) = reEligibility {
            let again = arena.make(triggerd__v1__re_eligibility__init)
            again.pointee.after_ms = wait.milliseconds
            message.pointee.re_eligibility = again
        }
        message.pointee.n_messages = messages.count
        message.pointee.messages = arena.array(messages.map { $0.message(in: arena) })
        return message
    }

    /// Throws a `CampaignProblem`, or a `PayloadError` where the bytes are no campaign.
    package init(packed: [UInt8]) throws {
        var allowance = FilterAllowance(patterns: RE2.pattern, isStored: true)
        self = try packed.withUnsafeBytes { bytes in
            try Arena.use { arena in
                try Campaign(arena.unpack(Triggerd__V1__Campaign.self, schema_campaign(), bytes), filters: &allowance)
            }
        }
    }

    package func packed() -> [UInt8] {
        Arena.use { arena in arena.pack(UnsafePointer(message(in: arena))) }
    }
}

extension Occurrence {
    fileprivate init(
        _ message: UnsafePointer<Triggerd__V1__Occurrence>,
        at path: String,
        _ allowance: inout FilterAllowance
    ) throws(CampaignProblem) {
        let occurrence = message.pointee
        let type = String(cString: occurrence.type)
        guard !type.isEmpty else { throw CampaignProblem(field: "\(path).type", "is required") }
        let same = String(cString: occurrence.same)
        var filter: Filter?
        if let found = occurrence.where { filter = try Filter(found, at: "\(path).where", &allowance) }
        let configuration = Object(occurrence.configuration, count: occurrence.n_configuration)
        if !allowance.isStored, let empty = configuration.members.first(where: { $0.value == .null }) {
            throw CampaignProblem(field: "\(path).\(empty.name)", "is empty: set a value, or leave the key out")
        }
        self.init(
            type: type,
            configuration: configuration,
            where: filter,
            same: same.isEmpty ? nil : try allowance.read(path: same, at: "\(path).same")
        )
    }

    fileprivate func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__Occurrence> {
        let message = arena.make(triggerd__v1__occurrence__init)
        message.pointee.type = arena.text(type)
        message.pointee.n_configuration = configuration.members.count
        message.pointee.configuration = configuration.entries(
            in: arena,
            as: Triggerd__V1__Occurrence__ConfigurationEntry.self
        )
        if let `where` { message.pointee.where = `where`.message(in: arena) }
        if let same { message.pointee.same = arena.text(same.description) }
        return message
    }
}

extension Message {
    fileprivate init(_ message: UnsafePointer<Triggerd__V1__Message>, at path: String) throws(CampaignProblem) {
        let message = message.pointee
        let channel = String(cString: message.channel)
        guard !channel.isEmpty else { throw CampaignProblem(field: "\(path).channel", "is required") }
        let name = String(cString: message.priority)
        guard let priority = name.isEmpty ? .medium : Priority(name: name) else {
            throw CampaignProblem(field: "\(path).priority", "\"\(name)\" is none of high, medium, low")
        }
        let expires = message.expiry_case == TRIGGERD__V1__MESSAGE__EXPIRY_EXPIRES_AFTER_MS
        if expires, message.expires_after_ms < 0 {
            throw CampaignProblem(field: "\(path).expires_after_ms", "is below zero")
        }
        self.init(
            channel: channel,
            fields: Object(message.fields, count: message.n_fields),
            priority: priority,
            expiresAfter: expires ? Length(milliseconds: message.expires_after_ms) : nil
        )
    }

    fileprivate func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__Message> {
        let message = arena.make(triggerd__v1__message__init)
        message.pointee.channel = arena.text(channel)
        message.pointee.n_fields = fields.members.count
        message.pointee.fields = fields.entries(in: arena, as: Triggerd__V1__Message__FieldsEntry.self)
        if priority != .medium { message.pointee.priority = arena.text(priority.name) }
        if let expiresAfter {
            message.pointee.expiry_case = TRIGGERD__V1__MESSAGE__EXPIRY_EXPIRES_AFTER_MS
            message.pointee.expires_after_ms = expiresAfter.milliseconds
        }
        return message
    }
}

extension FilterAllowance {
    fileprivate func read(path text: String, at field: String) throws(CampaignProblem) -> PropertyPath {
        do throws(OperatorFault) {
            return try path(text)
        } catch {
            throw CampaignProblem(field: field, error.text)
        }
    }
}

extension Filter {
    fileprivate init(
        _ message: UnsafePointer<Triggerd__V1__Filter>,
        at path: String,
        depth: Int = 1,
        _ allowance: inout FilterAllowance
    ) throws(CampaignProblem) {
        do throws(OperatorFault) {
            try allowance.condition(depth: depth)
        } catch {
            throw CampaignProblem(field: path, error.text)
        }
        func all(
            _ list: UnsafeMutablePointer<Triggerd__V1__FilterList>,
            _ name: String,
            _ allowance: inout FilterAllowance
        ) throws(CampaignProblem) -> [Filter] {
            var filters: [Filter] = []
            for (index, filter) in elements(list.pointee.n_filters, list.pointee.filters).enumerated() {
                filters.append(try Filter(filter, at: "\(path).\(name)[\(index)]", depth: depth + 1, &allowance))
            }
            return filters
        }
        switch message.pointee.kind_case {
        case TRIGGERD__V1__FILTER__KIND_ALL: self = .all(try all(message.pointee.all, "all", &allowance))
        case TRIGGERD__V1__FILTER__KIND_ANY: self = .any(try all(message.pointee.any, "any", &allowance))
        case TRIGGERD__V1__FILTER__KIND_NOT:
            self = .not(try Filter(message.pointee.not_, at: "\(path).not", depth: depth + 1, &allowance))
        case TRIGGERD__V1__FILTER__KIND_PROPERTY:
            let property = message.pointee.property.pointee
            let place = try allowance.read(path: String(cString: property.path), at: "\(path).property")
            self = try Self(.property(place), property.operators, property.n_operators, at: path, &allowance)
        case TRIGGERD__V1__FILTER__KIND_FACT:
            let fact = message.pointee.fact.pointee
            let subject = try Subject(fact, at: path, allowance)
            self = try Self(subject, fact.operators, fact.n_operators, at: path, &allowance)
        default: throw CampaignProblem(field: path, "is empty")
        }
    }

    private init(
        _ subject: Subject,
        _ messages: UnsafeMutablePointer<UnsafeMutablePointer<Triggerd__V1__Operator>?>?,
        _ count: Int,
        at path: String,
        _ allowance: inout FilterAllowance
    ) throws(CampaignProblem) {
        guard count > 0 else { throw CampaignProblem(field: path, "has no operator") }
        var operators: [Operator] = []
        for message in elements(count, messages) {
            let name = String(cString: message.pointee.name)
            do throws(OperatorFault) {
                operators.append(try allowance.operator(name, Value(orNull: message.pointee.operand), of: subject))
            } catch {
                throw CampaignProblem(field: "\(path).\(name)", error.text)
            }
        }
        self = .subject(subject, operators)
    }

    fileprivate func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__Filter> {
        func list(_ filters: [Filter]) -> UnsafeMutablePointer<Triggerd__V1__FilterList> {
            let list = arena.make(triggerd__v1__filter_list__init)
            list.pointee.n_filters = filters.count
            list.pointee.filters = arena.array(filters.map { $0.message(in: arena) })
            return list
        }
        let message = arena.make(triggerd__v1__filter__init)
        switch self {
        case .all(let filters):
            message.pointee.kind_case = TRIGGERD__V1__FILTER__KIND_ALL
            message.pointee.all = list(filters)
        case .any(let filters):
            message.pointee.kind_case = TRIGGERD__V1__FILTER__KIND_ANY
            message.pointee.any = list(filters)
        case .not(let filter):
            message.pointee.kind_case = TRIGGERD__V1__FILTER__KIND_NOT
            message.pointee.not_ = filter.message(in: arena)
        case .subject(let subject, let operators):
            let messages = operators.map { each in
                let message = arena.make(triggerd__v1__operator__init)
                message.pointee.name = arena.text(each.name)
                message.pointee.operand = each.operand.message(in: arena)
                return message
            }
            if case .property(let path) = subject {
                let property = arena.make(triggerd__v1__property_filter__init)
                property.pointee.path = arena.text(path.description)
                property.pointee.n_operators = operators.count
                property.pointee.operators = arena.array(messages)
                message.pointee.kind_case = TRIGGERD__V1__FILTER__KIND_PROPERTY
                message.pointee.property = property
            } else {
                let fact = subject.message(in: arena)
                fact.pointee.n_operators = operators.count
                fact.pointee.operators = arena.array(messages)
                message.pointee.kind_case = TRIGGERD__V1__FILTER__KIND_FACT
                message.pointee.fact = fact
            }
        }
        return message
    }
}

extension Filter.Subject {
    fileprivate init(
        _ fact: Triggerd__V1__FactFilter,
        at path: String,
        _ allowance: FilterAllowance
    ) throws(CampaignProblem) {
        let of = Text(cString: fact.of)
        let name = String(cString: fact.subject)
        if !allowance.isStored { try Self.check(fact, name, of, at: path) }
        var recent: Filter.Recent?
        if fact.recent_case == TRIGGERD__V1__FACT_FILTER__RECENT_IN_LAST_MS {
            guard fact.in_last_ms >= 0 else { throw CampaignProblem(field: "\(path).in_last_ms", "is below zero") }
            recent = Filter.Recent(
                Length(milliseconds: fact.in_last_ms),
                countsUTCDays: String(cString: fact.counting) == "utc_days"
            )
        }
        switch name {
        case "attribute":
            self = .attribute(try allowance.read(path: of.string, at: "\(path).of"))
        case "event_count": self = .eventCount(of, inLast: recent)
        case "last_event": self = .lastEvent(of, inLast: recent)
        case "purchase_total": self = .purchaseTotal(of, inLast: recent)
        case "received": self = .received(of)
        case "push_reachable": self = .reachable(channel: "push")
        case "email_reachable": self = .reachable(channel: "email")
        default: throw CampaignProblem(field: "\(path).subject", "\"\(name)\" is no subject")
        }
    }

    /// That nothing of it would be ignored, as nothing of a file is.
    private static func check(
        _ fact: Triggerd__V1__FactFilter,
        _ name: String,
        _ of: Text,
        at path: String
    ) throws(CampaignProblem) {
        let isReachable = ["push_reachable", "email_reachable"].contains(name)
        guard isReachable == of.isEmpty else {
            throw CampaignProblem(field: "\(path).of", isReachable ? "has no meaning beside \(name)" : "is empty")
        }
        if name == "attribute", ["push_reachable", "email_reachable"].contains(of.string) {
            throw CampaignProblem(field: "\(path).of", "is no attribute: \(of) is a subject of its own")
        }
        let counting = String(cString: fact.counting)
        guard ["", "rolling", "utc_days"].contains(counting) else {
            throw CampaignProblem(field: "\(path).counting", "\"\(counting)\" is none of rolling, utc_days")
        }
        guard fact.recent_case == TRIGGERD__V1__FACT_FILTER__RECENT_IN_LAST_MS else {
            guard counting.isEmpty else {
                throw CampaignProblem(field: "\(path).counting", "says how `in_last_ms` counts, which is absent")
            }
            return
        }
        guard ["event_count", "last_event", "purchase_total"].contains(name) else {
            throw CampaignProblem(field: "\(path).in_last_ms", "has no meaning beside \(name)")
        }
        guard counting != "utc_days" || fact.in_last_ms % Length.day.milliseconds == 0 else {
            throw CampaignProblem(field: "\(path).in_last_ms", "counted in UTC days it must be whole days")
        }
    }

    fileprivate func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__FactFilter> {
        let message = arena.make(triggerd__v1__fact_filter__init)
        let (name, of, recent): (String, Text, Filter.Recent?) =
            switch self {
            case .property(let path): ("property", Text(path.description), nil)
            case .attribute(let path): ("attribute", Text(path.description), nil)
            case .eventCount(let event, let recent): ("event_count", event, recent)
            case .lastEvent(let event, let recent): ("last_event", event, recent)
            case .purchaseTotal(let currency, let recent): ("purchase_total", currency, recent)
            case .received(let campaign): ("received", campaign, nil)
            case .reachable(let channel): ("\(channel)_reachable", "", nil)
            }
        message.pointee.subject = arena.text(name)
        message.pointee.of = arena.text(of)
        if let recent {
            message.pointee.recent_case = TRIGGERD__V1__FACT_FILTER__RECENT_IN_LAST_MS
            message.pointee.in_last_ms = recent.length.milliseconds
        }
        if recent?.countsUTCDays == true { message.pointee.counting = arena.text("utc_days") }
        return message
    }
}
