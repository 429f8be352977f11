import Engine

extension Item {
    private static let common = ["at", "sent_at", "user", "id", "type", "properties", "set", "history"]
    private static let own: [String: [String]] = [
        Event.customEvent: ["event"], Event.purchase: ["product_id", "price", "currency", "quantity"],
        Event.sessionStart: ["device"], Event.location: ["latitude", "longitude"],
        Event.campaignInteraction: ["campaign", "action"], Event.cardInteraction: ["card", "action"],
        "attributes": [],
    ]

    /// Reads an item as a scenario and `triggerd track` write it: an object with the fields of docs/campaigns.md's events.
    /// `others`: what may stand beside them, and was taken out.
    package init(fields: Object, beside others: [String] = []) throws(ItemProblem) {
        let type = try Self.text(fields, "type")?.string ?? ""
        guard let own = Self.own[type] else {
            let known = Self.own.keys.sorted().joined(separator: ", ")
            throw ItemProblem(
                field: "type",
                why: type.isEmpty ? "is missing; one of \(known)" : "\"\(type)\" is none of \(known)"
            )
        }
        let known = Self.common + own
        for member in fields.members where !known.contains(member.name.string) {
            throw ItemProblem(
                field: member.name.string,
                why: "\(type) has no such field; it has \((known + others).joined(separator: ", "))"
            )
        }
        guard let user = try Self.text(fields, "user") else { throw ItemProblem(field: "user", why: "is missing") }
        self.user = try Self.name(user, "user", most: Self.longestID)
        id = try Self.idempotencyID(try Self.text(fields, "id") ?? "")
        time = try Self.instant(fields, "at")
        sentAt = try Self.instant(fields, "sent_at")
        isHistory = try Self.flag(fields, "history")
        set = try Self.object(fields, "set")
        try Self.check(set)
        device = try Self.device(try Self.text(fields, "device") ?? "")
        let properties = try Self.checkNames(try Self.object(fields, "properties"), type)
        func required(_ name: String) throws(ItemProblem) -> Text {
            guard let text = try Self.text(fields, name) else { throw ItemProblem(field: name, why: "is missing") }
            return text
        }
        func degrees(_ name: String) throws(ItemProblem) -> Double {
            switch try Self.number(fields, name) {
            case .integer(let whole)?: return Double(whole)
            case .decimal(let decimal)?: return decimal
            default: throw ItemProblem(field: name, why: "is missing")
            }
        }
        switch type {
        case Event.customEvent: occurred = try .customEvent(try required("event"), properties)
        case Event.purchase:
            guard let price = try Self.number(fields, "price") else {
                throw ItemProblem(field: "price", why: "is missing; of what is free it is 0")
            }
            occurred = try .purchase(
                try required("product_id"),
                price: price,
                currency: try Self.text(fields, "currency")?.string ?? "",
                quantity: try Self.whole(fields, "quantity") ?? 1,
                properties
            )
        case Event.sessionStart: occurred = Occurred(type: type, subject: "", properties: properties)
        case Event.location:
            occurred = try .location(try degrees("latitude"), try degrees("longitude"), properties)
        case Event.campaignInteraction:
            occurred = try .campaignInteraction(try required("campaign"), try required("action").string, properties)
        case Event.cardInteraction:
            occurred = try .cardInteraction(try required("card"), try required("action").string, properties)
        default:
            guard !set.isEmpty else { throw ItemProblem(field: "set", why: "sets nothing") }
            occurred = nil
        }
        try checkSize()
    }

    private static func instant(_ fields: Object, _ name: String) throws(ItemProblem) -> Instant? {
        guard let at = try text(fields, name) else { return nil }
        guard let instant = Instant(iso8601: at.string) else {
            throw ItemProblem(field: name, why: "\"\(at)\" is no ISO 8601 instant of the years 1 to 9999")
        }
        return instant
    }

    private static func flag(_ fields: Object, _ name: String) throws(ItemProblem) -> Bool {
        switch fields[name] {
        case nil, .boolean(false)?: return false
        case .boolean(true)?: return true
        case let value?: throw ItemProblem(field: name, why: "\(value) is not true or false")
        }
    }

    private static func text(_ object: Object, _ name: String) throws(ItemProblem) -> Text? {
        guard let value = object[name] else { return nil }
        guard let text = value.text else { throw ItemProblem(field: name, why: "\(value) is not a string") }
        return text
    }

    private static func object(_ object: Object, _ name: String) throws(ItemProblem) -> Object {
        guard let value = object[name] else { return Object() }
        guard case .object(let found) = value else { throw ItemProblem(field: name, why: "\(value) is not an object") }
        return found
    }

    /// In quotes too, as shops export every price (14).
    private static func number(_ object: Object, _ name: String) throws(ItemProblem) -> Value? {
        let found: WrittenNumber?
        switch object[name] {
        case nil: return nil
        case .integer?, .decimal?: return object[name]
        case .string(let text)?: found = WrittenNumber(text.string)
        case .null?, .boolean?, .array?, .object?: found = nil
        }
        if let number = found?.value { return number }
        let why = found == .tooLarge ? "does not fit 64 bits" : "is not a number: write digits and a point, like 9.90"
        throw ItemProblem(field: name, why: "\(object[name] ?? .null) \(why)")
    }

    private static func whole(_ object: Object, _ name: String) throws(ItemProblem) -> Int64? {
        switch try number(object, name) {
        case nil: return nil
        case .integer(let whole)?: return whole
        case .decimal(let decimal)?:
            // Some write every number with a point.
            if let whole = Int64(exactly: decimal) { return whole }
        case .null?, .boolean?, .string?, .array?, .object?: break
        }
        throw ItemProblem(field: name, why: "\(object[name] ?? .null) is not a whole number")
    }
}
