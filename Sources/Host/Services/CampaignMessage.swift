import Engine
import Schema

/// Campaigns between the engine and the schema; packed, the same message is what the store keeps.
extension Campaign {
    /// Throws what the message itself gets wrong, with the field's path.
    init(_ message: UnsafePointer<Triggerd__V1__Campaign>) throws(CampaignProblem) {
        let campaign = message.pointee
        let id = String(cString: campaign.campaign)
        do throws(FieldProblem) {
            guard let trigger = campaign.trigger else { throw FieldProblem("trigger", "is required") }
            var exceptions: [Occurrence] = []
            for index in 0..<campaign.n_exceptions {
                guard let exception = campaign.exceptions[index] else { continue }
                exceptions.append(try Occurrence(exception, at: "exceptions[\(index)]"))
            }
            var messages: [Message] = []
            for index in 0..<campaign.n_messages {
                guard let message = campaign.messages[index] else { continue }
                messages.append(try Message(message, at: "messages[\(index)]"))
            }
            guard campaign.delay_ms >= 0 else { throw FieldProblem("delay_ms", "is below zero") }
            var reEligibility = ReEligibility.once
            if let after = campaign.re_eligibility?.pointee.after_ms {
                guard after >= 0 else { throw FieldProblem("re_eligibility.after_ms", "is below zero") }
                reEligibility = .after(Length(milliseconds: after))
            }
            self.init(
                id: id,
                launchedAt: campaign.launched_at_ms == 0 ? nil : Instant(milliseconds: campaign.launched_at_ms),
                trigger: try Occurrence(trigger, at: "trigger"),
                delay: Length(milliseconds: campaign.delay_ms),
                exceptions: exceptions,
                reEligibility: reEligibility,
                messages: messages
            )
        } catch {
            throw CampaignProblem(campaign: id, field: error.field, code: .invalidCampaign, text: error.text)
        }
    }

    func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__Campaign> {
        let message = arena.make(triggerd__v1__campaign__init)
        message.pointee.campaign = arena.text(id)
        message.pointee.launched_at_ms = launchedAt?.milliseconds ?? 0
        message.pointee.trigger = trigger.message(in: arena)
        message.pointee.delay_ms = delay.milliseconds
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
        self = try packed.withUnsafeBytes { bytes in
            try Arena.use { arena in
                try Campaign(arena.unpack(Triggerd__V1__Campaign.self, schema_campaign(), bytes))
            }
        }
    }

    package func packed() -> [UInt8] {
        Arena.use { arena in arena.pack(UnsafePointer(message(in: arena))) }
    }
}

private struct FieldProblem: Error {
    let field: String
    let text: String

    init(_ field: String, _ text: String) {
        self.field = field
        self.text = text
    }
}

extension Occurrence {
    fileprivate init(_ message: UnsafePointer<Triggerd__V1__Occurrence>, at path: String) throws(FieldProblem) {
        let occurrence = message.pointee
        let type = String(cString: occurrence.type)
        guard !type.isEmpty else { throw FieldProblem("\(path).type", "is required") }
        let same = String(cString: occurrence.same)
        var filter: Filter?
        if let found = occurrence.where { filter = try Filter(found, at: "\(path).where") }
        self.init(
            type: type,
            configuration: Object(occurrence.configuration, count: occurrence.n_configuration),
            where: filter,
            same: same.isEmpty ? nil : same
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
        if let same { message.pointee.same = arena.text(same) }
        return message
    }
}

extension Message {
    fileprivate init(_ message: UnsafePointer<Triggerd__V1__Message>, at path: String) throws(FieldProblem) {
        let message = message.pointee
        let channel = String(cString: message.channel)
        guard !channel.isEmpty else { throw FieldProblem("\(path).channel", "is required") }
        let name = String(cString: message.priority)
        guard let priority = name.isEmpty ? .medium : Priority(name: name) else {
            throw FieldProblem("\(path).priority", "\"\(name)\" is none of high, medium, low")
        }
        guard message.expires_after_ms >= 0 else { throw FieldProblem("\(path).expires_after_ms", "is below zero") }
        self.init(
            channel: channel,
            fields: Object(message.fields, count: message.n_fields),
            priority: priority,
            expiresAfter: message.expires_after_ms == 0 ? nil : Length(milliseconds: message.expires_after_ms)
        )
    }

    fileprivate func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__Message> {
        let message = arena.make(triggerd__v1__message__init)
        message.pointee.channel = arena.text(channel)
        message.pointee.n_fields = fields.members.count
        message.pointee.fields = fields.entries(in: arena, as: Triggerd__V1__Message__FieldsEntry.self)
        if priority != .medium { message.pointee.priority = arena.text(priority.name) }
        message.pointee.expires_after_ms = expiresAfter?.milliseconds ?? 0
        return message
    }
}

extension Filter {
    fileprivate init(_ message: UnsafePointer<Triggerd__V1__Filter>, at path: String) throws(FieldProblem) {
        func all(_ list: UnsafeMutablePointer<Triggerd__V1__FilterList>, _ name: String) throws(FieldProblem)
            -> [Filter]
        {
            var filters: [Filter] = []
            for index in 0..<list.pointee.n_filters {
                guard let filter = list.pointee.filters[index] else { continue }
                filters.append(try Filter(filter, at: "\(path).\(name)[\(index)]"))
            }
            return filters
        }
        switch message.pointee.kind_case {
        case TRIGGERD__V1__FILTER__KIND_ALL: self = .all(try all(message.pointee.all, "all"))
        case TRIGGERD__V1__FILTER__KIND_ANY: self = .any(try all(message.pointee.any, "any"))
        case TRIGGERD__V1__FILTER__KIND_NOT: self = .not(try Filter(message.pointee.not_, at: "\(path).not"))
        case TRIGGERD__V1__FILTER__KIND_PROPERTY:
            let property = message.pointee.property.pointee
            let text = String(cString: property.path)
            guard let place = PropertyPath(text) else {
                throw FieldProblem("\(path).property", "\"\(text)\" is no path")
            }
            guard property.n_operators > 0 else { throw FieldProblem(path, "has no operator") }
            var operators: [Operator] = []
            for index in 0..<property.n_operators {
                guard let message = property.operators[index] else { continue }
                let name = String(cString: message.pointee.name)
                do throws(OperatorFault) {
                    operators.append(try Operator(name: name, operand: Value(orNull: message.pointee.operand)))
                } catch {
                    throw FieldProblem("\(path).\(name)", error.text)
                }
            }
            self = .property(place, operators)
        default: throw FieldProblem(path, "is empty")
        }
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
        case .property(let path, let operators):
            let property = arena.make(triggerd__v1__property_filter__init)
            property.pointee.path = arena.text(path.description)
            property.pointee.n_operators = operators.count
            property.pointee.operators = arena.array(
                operators.map { each in
                    let message = arena.make(triggerd__v1__operator__init)
                    message.pointee.name = arena.text(each.name)
                    message.pointee.operand = each.operand.message(in: arena)
                    return message
                }
            )
            message.pointee.kind_case = TRIGGERD__V1__FILTER__KIND_PROPERTY
            message.pointee.property = property
        }
        return message
    }
}
