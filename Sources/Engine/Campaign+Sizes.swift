/// What is larger than `CampaignLimits`.
extension Campaign {
    var sizeRefusals: [CampaignProblem] {
        var found: [CampaignProblem] = []
        func check(_ count: Int, _ most: Int, _ field: String, _ of: String) {
            if count > most { found.append(.tooMuch(of, count, most, field)) }
        }
        check(exceptions.count, CampaignLimits.exceptions, "exceptions", "exceptions")
        check(conversions.count, CampaignLimits.conversions, "conversions", "conversions")
        check(messages.count, CampaignLimits.messages, "messages", "messages")
        let bytes = messages.reduce(0) { $0 + $1.fields.bytes }
        check(bytes, CampaignLimits.messageBytes, "messages", "bytes in all messages")
        found += trigger.sizeRefusals("trigger")
        for (index, exception) in exceptions.enumerated() { found += exception.sizeRefusals("exceptions[\(index)]") }
        for (index, conversion) in conversions.enumerated() {
            found += conversion.occurrence.sizeRefusals("conversions[\(index)]")
        }
        if let refusal = controlGroup?.sizeRefusal("control_group.users") { found.append(refusal) }
        return found
    }
}

extension Occurrence {
    fileprivate func sizeRefusals(_ field: String) -> [CampaignProblem] {
        var found: [CampaignProblem] = []
        let bytes = configuration.bytes
        if bytes > CampaignLimits.occurrenceBytes {
            found.append(.tooMuch("bytes in the keys of one occurrence", bytes, CampaignLimits.occurrenceBytes, field))
        }
        for member in configuration.members {
            guard case .array(let elements) = member.value, elements.count > CampaignLimits.occurrenceElements else {
                continue
            }
            found.append(
                .tooMuch("elements", elements.count, CampaignLimits.occurrenceElements, "\(field).\(member.name)")
            )
        }
        return found
    }
}

extension Workspace {
    var sizeRefusals: [CampaignProblem] {
        var found: [CampaignProblem] = []
        if frequencyCaps.count > CampaignLimits.frequencyCaps {
            found.append(
                .tooMuch("caps", frequencyCaps.count, CampaignLimits.frequencyCaps, "workspace.frequency_caps")
            )
        }
        if let refusal = controlGroup?.sizeRefusal("workspace.control_group.users") { found.append(refusal) }
        return found
    }
}

extension ControlGroup {
    fileprivate func sizeRefusal(_ field: String) -> CampaignProblem? {
        guard case .users(let users) = self, users.count > CampaignLimits.controlUsers else { return nil }
        return .tooMuch("users; a share is for more", users.count, CampaignLimits.controlUsers, field)
    }
}

extension CampaignProblem {
    fileprivate static func tooMuch(_ of: String, _ count: Int, _ most: Int, _ field: String) -> CampaignProblem {
        CampaignProblem(field: field, "\(count) are more than the \(most) \(of) that are allowed")
    }
}

extension Object {
    /// About what it takes, written out.
    fileprivate var bytes: Int { members.reduce(0) { $0 + 1 + $1.name.utf8.count + $1.value.bytes } }
}

extension Value {
    fileprivate var bytes: Int {
        switch self {
        case .null, .boolean, .integer, .decimal: 1
        case .string(let text): 1 + text.utf8.count
        case .array(let elements): elements.reduce(1) { $0 + $1.bytes }
        case .object(let object): 1 + object.bytes
        }
    }
}
