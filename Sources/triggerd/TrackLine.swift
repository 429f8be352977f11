import Engine
import Host
import Schema

/// One item as `track` is given it: an object with the fields of a scenario's events (campaign.md).
struct TrackLine {
    /// Its number in the file, from 1.
    let number: Int
    let user: String
    let id: String
    let time: Instant?
    let set: Object
    let kind: Kind

    enum Kind {
        case customEvent(name: String, properties: Object)
        case purchase(product: String, price: Double, currency: String, quantity: Int64, properties: Object)
        case sessionStart(properties: Object, device: String)
        case attributes
    }

    private static let common = ["at", "user", "id", "type", "properties", "set"]
    private static let own: [String: [String]] = [
        "custom_event": ["event"], "purchase": ["product_id", "price", "currency", "quantity"],
        "session_start": ["device"], "attributes": [],
    ]

    /// Throws what is wrong with it, by field.
    init(number: Int, _ value: Value) throws(Failure) {
        guard case .object(let object) = value else { throw Failure("not an object") }
        self.number = number
        let type = try Self.text(object, "type") ?? ""
        guard let own = Self.own[type] else {
            throw Failure(
                type.isEmpty
                    ? "type: is missing; one of \(Self.own.keys.sorted().joined(separator: ", "))"
                    : "type: \"\(type)\" is none of \(Self.own.keys.sorted().joined(separator: ", "))"
            )
        }
        let known = Self.common + own
        for member in object.members where !known.contains(member.name) {
            throw Failure("\(member.name): \(type) has no such field; it has \(known.joined(separator: ", "))")
        }
        guard let user = try Self.text(object, "user") else { throw Failure("user: is missing") }
        self.user = user
        id = try Self.text(object, "id") ?? ""
        if let at = try Self.text(object, "at") {
            guard let instant = Instant(iso8601: at) else { throw Failure("at: \"\(at)\" is not an ISO 8601 instant") }
            time = instant
        } else {
            time = nil
        }
        set = try Self.object(object, "set")
        let properties = try Self.object(object, "properties")
        switch type {
        case "custom_event":
            guard let event = try Self.text(object, "event") else { throw Failure("event: is missing") }
            kind = .customEvent(name: event, properties: properties)
        case "purchase":
            guard let product = try Self.text(object, "product_id") else { throw Failure("product_id: is missing") }
            kind = .purchase(
                product: product,
                price: try Self.number(object, "price") ?? 0,
                currency: try Self.text(object, "currency") ?? "",
                quantity: try Self.integer(object, "quantity") ?? 1,
                properties: properties
            )
        case "session_start":
            kind = .sessionStart(properties: properties, device: try Self.text(object, "device") ?? "")
        default: kind = .attributes
        }
    }

    private static func text(_ object: Object, _ name: String) throws(Failure) -> String? {
        guard let value = object[name] else { return nil }
        guard let text = value.string else { throw Failure("\(name): \(value) is not a string") }
        return text
    }

    private static func object(_ object: Object, _ name: String) throws(Failure) -> Object {
        guard let value = object[name] else { return Object() }
        guard case .object(let found) = value else { throw Failure("\(name): \(value) is not an object") }
        return found
    }

    private static func number(_ object: Object, _ name: String) throws(Failure) -> Double? {
        switch object[name] {
        case nil: return nil
        case .integer(let number)?: return Double(number)
        case .decimal(let number)?: return number
        case let value?: throw Failure("\(name): \(value) is not a number")
        }
    }

    private static func integer(_ object: Object, _ name: String) throws(Failure) -> Int64? {
        switch object[name] {
        case nil: return nil
        case .integer(let number)?: return number
        case let value?: throw Failure("\(name): \(value) is not a whole number")
        }
    }

    func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__Item> {
        let item = arena.make(triggerd__v1__item__init)
        item.pointee.user = arena.text(user)
        item.pointee.id = arena.text(id)
        item.pointee.time_ms = time?.milliseconds ?? 0
        item.pointee.n_set = set.members.count
        item.pointee.set = set.entries(in: arena, as: Triggerd__V1__Item__SetEntry.self)
        switch kind {
        case .customEvent(let name, let properties):
            let event = arena.make(triggerd__v1__custom_event__init)
            event.pointee.event = arena.text(name)
            event.pointee.n_properties = properties.members.count
            event.pointee.properties = properties.entries(
                in: arena,
                as: Triggerd__V1__CustomEvent__PropertiesEntry.self
            )
            item.pointee.kind_case = TRIGGERD__V1__ITEM__KIND_CUSTOM_EVENT
            item.pointee.custom_event = event
        case .purchase(let product, let price, let currency, let quantity, let properties):
            let purchase = arena.make(triggerd__v1__purchase__init)
            purchase.pointee.product_id = arena.text(product)
            purchase.pointee.price = price
            purchase.pointee.currency = arena.text(currency)
            purchase.pointee.quantity = quantity
            purchase.pointee.n_properties = properties.members.count
            purchase.pointee.properties = properties.entries(
                in: arena,
                as: Triggerd__V1__Purchase__PropertiesEntry.self
            )
            item.pointee.kind_case = TRIGGERD__V1__ITEM__KIND_PURCHASE
            item.pointee.purchase = purchase
        case .sessionStart(let properties, let device):
            let session = arena.make(triggerd__v1__session_start__init)
            session.pointee.n_properties = properties.members.count
            session.pointee.properties = properties.entries(
                in: arena,
                as: Triggerd__V1__SessionStart__PropertiesEntry.self
            )
            session.pointee.device = arena.text(device)
            item.pointee.kind_case = TRIGGERD__V1__ITEM__KIND_SESSION_START
            item.pointee.session_start = session
        case .attributes:
            item.pointee.kind_case = TRIGGERD__V1__ITEM__KIND_PROFILE_UPDATE
            item.pointee.profile_update = arena.make(triggerd__v1__profile_update__init)
        }
        return item
    }
}
