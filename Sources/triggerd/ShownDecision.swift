import Engine
import Host
import Schema

/// A decision as people and programs are shown it, whether a reply carried it or it was made here.
struct ShownDecision {
    let at: Instant
    let user: String
    let campaign: String
    let channel: String
    let decision: String
    /// Which of its campaign's conversions it is, the first being 1; 0 of everything else.
    let conversion: Int64
    let rule: String
    let why: Object
    let next: Instant?
    /// Which of its campaign's near misses it is; 0 of everything else.
    let nearMiss: Int64

    init(_ message: UnsafePointer<Triggerd__V1__Decision>) {
        let decision = message.pointee
        at = Instant(milliseconds: decision.at_ms)
        user = String(cString: decision.user)
        campaign = String(cString: decision.campaign)
        channel = String(cString: decision.channel)
        self.decision = String(cString: decision.decision)
        conversion = Int64(decision.conversion)
        rule = String(cString: decision.rule)
        why = Object(decision.why, count: decision.n_why)
        nearMiss = decision.near_miss
        next =
            decision.next_case == TRIGGERD__V1__DECISION__NEXT_NEXT_MS ? Instant(milliseconds: decision.next_ms) : nil
    }

    init(_ decision: Decision) {
        at = decision.at
        user = decision.user.string
        campaign = decision.campaign?.string ?? ""
        channel = decision.channel ?? ""
        self.decision = decision.code.rawValue
        conversion = Int64(decision.conversion ?? 0)
        rule = decision.rule
        why = decision.why
        next = decision.next == .never ? nil : decision.next
        nearMiss = decision.nearMiss
    }

    /// One JSON object, with the fields that docs/campaigns.md gives a decision.
    var json: Object {
        var json: Object = ["at": .string(at.description)]
        if !user.isEmpty { json["user"] = .string(user) }
        if !campaign.isEmpty { json["campaign"] = .string(campaign) }
        if !channel.isEmpty { json["channel"] = .string(channel) }
        json["decision"] = .string(decision)
        if conversion > 0 { json["conversion"] = .integer(conversion) }
        json["rule"] = .string(rule)
        json["why"] = .object(why)
        if let next { json["next"] = .string(next.description) }
        if nearMiss > 0 { json["near_miss"] = .integer(nearMiss) }
        return json
    }

    /// The values compared, for a person.
    var compared: String { why.members.map { "\($0.name): \($0.value.plain)" }.joined(separator: ", ") }

    /// One line for a person: when, which campaign, what, why.
    var line: String {
        var line = "\(at)  \(campaign.isEmpty ? "-" : campaign)  \(decision)"
        if !channel.isEmpty { line += " (\(channel))" }
        if !why.isEmpty { line += "  \(compared)" }
        if let next { line += "  -> \(next)" }
        if nearMiss > 0 { line += "  (near miss \(nearMiss))" }
        return line + "  [rule \(rule)]"
    }
}

extension Value {
    /// Without the quotes of a string.
    var plain: String {
        string ?? description
    }
}
