import Engine
import Schema

/// What is wrong with one field of an item.
struct ItemProblem: Error {
    let field: String
    let why: String
}

extension Item {
    /// Names and ids, in bytes: what fits a key of the store.
    static let longestID = 512
    /// Of events, properties and attributes, in bytes (2.1).
    static let longestName = 255

    /// Validates an item, once and here.
    init(_ message: UnsafePointer<Triggerd__V1__Item>) throws(ItemProblem) {
        let item = message.pointee
        user = try Self.name(item.user, "user", most: Self.longestID)
        let id = String(cString: item.id)
        guard id.utf8.count <= Self.longestID else {
            throw ItemProblem(field: "id", why: "longer than \(Self.longestID) bytes")
        }
        self.id = id.isEmpty ? nil : id
        time = item.time_ms == 0 ? nil : Instant(milliseconds: item.time_ms)
        set = Object(item.set, count: item.n_set)
        try Self.check(set)
        device = ""
        switch item.kind_case {
        case TRIGGERD__V1__ITEM__KIND_CUSTOM_EVENT:
            let event = item.custom_event.pointee
            let name = try Self.name(event.event, "custom_event.event", most: Self.longestName)
            guard name != Event.sessionStart, name != Event.purchase else {
                throw ItemProblem(
                    field: "custom_event.event",
                    why: "\"\(name)\" is an item of its own, not a custom event's name"
                )
            }
            occurred = Occurred(
                type: Event.customEvent,
                subject: name,
                properties: try Self.properties(event.properties, event.n_properties, "custom_event")
            )
        case TRIGGERD__V1__ITEM__KIND_PURCHASE: occurred = try Self.purchase(item.purchase.pointee)
        case TRIGGERD__V1__ITEM__KIND_SESSION_START:
            let session = item.session_start.pointee
            device = String(cString: session.device)
            occurred = Occurred(
                type: Event.sessionStart,
                subject: "",
                properties: try Self.properties(session.properties, session.n_properties, "session_start")
            )
        case TRIGGERD__V1__ITEM__KIND_PROFILE_UPDATE:
            guard item.n_set > 0 else {
                throw ItemProblem(field: "set", why: "a profile update that sets nothing")
            }
            occurred = nil
        default:
            throw ItemProblem(
                field: "kind",
                why: "none of custom_event, purchase, session_start and profile_update is there"
            )
        }
    }

    private static func purchase(_ purchase: Triggerd__V1__Purchase) throws(ItemProblem) -> Occurred {
        let product = try name(purchase.product_id, "purchase.product_id", most: longestName)
        guard purchase.price.isFinite else {
            throw ItemProblem(field: "purchase.price", why: "not a number")
        }
        guard purchase.quantity >= 0 else {
            throw ItemProblem(field: "purchase.quantity", why: "\(purchase.quantity) is below zero")
        }
        var properties = try properties(purchase.properties, purchase.n_properties, "purchase")
        properties["product_id"] = .string(product)
        properties["price"] = .decimal(purchase.price)
        let currency = String(cString: purchase.currency)
        if !currency.isEmpty { properties["currency"] = .string(currency) }
        properties["quantity"] = .integer(max(1, purchase.quantity))
        return Occurred(type: Event.purchase, subject: product, properties: properties)
    }

    private static func properties<Entry>(
        _ entries: UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>?,
        _ count: Int,
        _ kind: String
    ) throws(ItemProblem) -> Object {
        let properties = Object(entries, count: count)
        for member in properties.members where member.name.isEmpty || member.name.utf8.count > longestName {
            throw ItemProblem(
                field: "\(kind).properties",
                why: "a name must have 1 to \(longestName) bytes, not \(member.name.utf8.count)"
            )
        }
        return properties
    }

    private static func name(
        _ text: UnsafePointer<CChar>,
        _ field: String,
        most: Int
    ) throws(ItemProblem) -> String {
        let name = String(cString: text)
        guard !name.isEmpty else { throw ItemProblem(field: field, why: "is empty") }
        guard name.utf8.count <= most else { throw ItemProblem(field: field, why: "longer than \(most) bytes") }
        return name
    }

    /// The profile's fields that have a meaning of their own (campaign.md, "Profile fields").
    private static let choices: [String: [String]] = [
        "email_subscription": ["subscribed", "opted_in", "unsubscribed"],
        "push_subscription": ["subscribed", "opted_in", "unsubscribed"],
        "email_status": ["ok", "hard_bounced", "spam"],
    ]

    private static func check(_ set: Object) throws(ItemProblem) {
        for member in set.members {
            let field = "set.\(member.name)"
            guard !member.name.isEmpty, member.name.utf8.count <= longestName else {
                throw ItemProblem(field: "set", why: "a name must have 1 to \(longestName) bytes")
            }
            if member.value == .null { continue }
            switch member.name {
            case "email":
                guard let address = member.value.string, address.contains("@") else {
                    throw ItemProblem(field: field, why: "\(member.value) is not an e-mail address")
                }
            case "time_zone", "language", "country":
                guard member.value.string != nil else { throw ItemProblem(field: field, why: "must be a string") }
            case "push_tokens":
                guard case .array(let tokens) = member.value, tokens.allSatisfy({ $0.string != nil }) else {
                    throw ItemProblem(field: field, why: "must be a list of strings")
                }
            default:
                guard let allowed = choices[member.name] else { continue }
                guard let text = member.value.string, allowed.contains(text) else {
                    throw ItemProblem(
                        field: field,
                        why: "\(member.value) is none of \(allowed.joined(separator: ", "))"
                    )
                }
            }
        }
    }
}
