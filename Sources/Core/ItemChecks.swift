import Engine

/// What is wrong with one field of an item.
package struct ItemProblem: Error, CustomStringConvertible {
    package let field: String
    package let why: String

    package init(field: String, why: String) {
        (self.field, self.why) = (field, why)
    }

    package var description: String { "\(field): \(why)" }
}

/// What every item must keep to, whichever way it comes in.
extension Item {
    package static let longestID = ItemLimits.id
    package static let longestName = ItemLimits.name

    package static func idempotencyID(_ id: Text) throws(ItemProblem) -> Text? {
        guard id.utf8.count <= longestID else {
            throw ItemProblem(field: "id", why: "longer than \(longestID) bytes")
        }
        return id.isEmpty ? nil : id
    }

    package static func instant(_ milliseconds: Int64, _ field: String) throws(ItemProblem) -> Instant {
        let instant = Instant(milliseconds: milliseconds)
        guard Instant.allowed.contains(instant) else {
            throw ItemProblem(field: field, why: "\(milliseconds) is not within the years 1 to 9999")
        }
        return instant
    }

    package static func checkNames(_ properties: Object, _ kind: String) throws(ItemProblem) -> Object {
        let field = "\(kind).properties"
        guard properties.members.count <= ItemLimits.properties else {
            throw ItemProblem(
                field: field,
                why: "\(properties.members.count) are more than the \(ItemLimits.properties) that an item may have"
            )
        }
        for member in properties.members {
            guard !member.name.isEmpty, member.name.utf8.count <= longestName else {
                throw ItemProblem(
                    field: field,
                    why: "a name must have 1 to \(longestName) bytes, not \(member.name.utf8.count)"
                )
            }
            try checkTexts(member, field)
        }
        return properties
    }

    private static func checkTexts(_ member: Object.Member, _ field: String) throws(ItemProblem) {
        guard ObjectSize(member).longestText <= ItemLimits.text else {
            throw ItemProblem(field: "\(field).\(member.name)", why: "a text longer than \(ItemLimits.text) bytes")
        }
    }

    /// What all of it together may be.
    package func checkSize() throws(ItemProblem) {
        let size = ObjectSize(set, occurred?.properties ?? Object())
        guard size.values <= ItemLimits.values else {
            throw ItemProblem(
                field: "properties",
                why: "with the attributes \(size.values) values, those in lists and objects counted; "
                    + "\(ItemLimits.values) are the most"
            )
        }
        guard size.bytes <= ItemLimits.bytes else {
            throw ItemProblem(
                field: "properties",
                why: "with the attributes \(size.bytes) bytes; \(ItemLimits.bytes) are the most"
            )
        }
    }

    /// The client, where users have several.
    package static func device(_ device: Text) throws(ItemProblem) -> Text {
        guard device.utf8.count <= longestID else {
            throw ItemProblem(field: "session_start.device", why: "longer than \(longestID) bytes")
        }
        return device
    }

    package static func name(_ name: Text, _ field: String, most: Int) throws(ItemProblem) -> Text {
        guard !name.isEmpty else { throw ItemProblem(field: field, why: "is empty") }
        guard name.utf8.count <= most else { throw ItemProblem(field: field, why: "longer than \(most) bytes") }
        return name
    }

    /// The profile's fields that have a meaning of their own (docs/campaigns.md, "Profile fields").
    private static let choices: [String: [String]] = [
        "email_subscription": ["subscribed", "opted_in", "unsubscribed"],
        "push_subscription": ["subscribed", "opted_in", "unsubscribed"],
        "email_status": ["ok", "hard_bounced", "spam"],
    ]

    /// Of one user's e-mail.
    private static let mostAddresses = 16

    /// One address, or a list of them: a letter goes to all.
    private static func checkEmail(_ value: Value, _ field: String) throws(ItemProblem) {
        guard case .array(let elements) = value else {
            guard let address = value.string, address.utf8.contains(UInt8(ascii: "@")) else {
                throw ItemProblem(field: field, why: "\(value) is not an e-mail address")
            }
            return
        }
        guard (1...mostAddresses).contains(elements.count) else {
            throw ItemProblem(
                field: field,
                why: "a list has 1 to \(mostAddresses) addresses, not \(elements.count); null removes the address"
            )
        }
        for (index, element) in elements.enumerated() {
            guard let address = element.string, address.utf8.contains(UInt8(ascii: "@")) else {
                throw ItemProblem(field: "\(field)[\(index)]", why: "\(element) is not an e-mail address")
            }
        }
    }

    /// A profile that a scenario begins with: the same door as for what is set later.
    package static func check(profile: Object, of user: UserID) throws(ItemProblem) {
        let field = "users.\(user)"
        _ = try name(user, field, most: longestID)
        try check(profile, field)
        try Item(user: user, id: nil, time: nil, set: profile, occurred: nil, device: "").checkSize()
    }

    package static func check(_ set: Object, _ path: String = "set") throws(ItemProblem) {
        guard set.members.count <= ItemLimits.properties else {
            throw ItemProblem(
                field: path,
                why: "\(set.members.count) are more than the \(ItemLimits.properties) that an item may set"
            )
        }
        for member in set.members {
            let field = "\(path).\(member.name)"
            guard !member.name.isEmpty, member.name.utf8.count <= longestName else {
                throw ItemProblem(field: path, why: "a name must have 1 to \(longestName) bytes")
            }
            try checkTexts(member, path)
            if member.value == .null { continue }
            switch member.name.string {
            case "email":
                try checkEmail(member.value, field)
            case "time_zone", "language", "country":
                guard member.value.string != nil else { throw ItemProblem(field: field, why: "must be a string") }
            case "push_tokens":
                guard case .array(let tokens) = member.value, tokens.allSatisfy({ $0.string != nil }) else {
                    throw ItemProblem(field: field, why: "must be a list of strings")
                }
            default:
                guard let allowed = choices[member.name.string] else { continue }
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

extension Item.Occurred {
    /// The fields that are properties of these names, too (13).
    package static let ownFields: [String: [String]] = [
        Event.purchase: ["product_id", "price", "currency", "quantity"],
        Event.location: ["latitude", "longitude"],
        Event.campaignInteraction: ["action"],
        Event.cardInteraction: ["card", "action"],
    ]

    package static func customEvent(_ event: Text, _ properties: Object) throws(ItemProblem) -> Self {
        let name = try Item.name(event, "custom_event.event", most: Item.longestName)
        guard name.string != Event.sessionStart, name.string != Event.purchase else {
            throw ItemProblem(
                field: "custom_event.event",
                why: "\"\(name)\" is an item of its own, not a custom event's name"
            )
        }
        return Self(type: Event.customEvent, subject: name, properties: properties)
    }

    package static func purchase(
        _ product: Text,
        price: Value,
        currency: String,
        quantity: Int64,
        _ properties: Object
    ) throws(ItemProblem) -> Self {
        let product = try Item.name(product, "purchase.product_id", most: Item.longestName)
        if case .decimal(let decimal) = price, !decimal.isFinite {
            throw ItemProblem(field: "purchase.price", why: "not a number")
        }
        guard quantity >= 1 else { throw ItemProblem(field: "purchase.quantity", why: "\(quantity) is below one") }
        var properties = properties
        properties["product_id"] = .string(product)
        properties["price"] = price
        guard currency.utf8.count <= Item.longestName else {
            throw ItemProblem(field: "purchase.currency", why: "longer than \(Item.longestName) bytes")
        }
        if !currency.isEmpty { properties["currency"] = .string(currency) }
        properties["quantity"] = .integer(quantity)
        return Self(type: Event.purchase, subject: product, properties: properties)
    }

    package static func location(
        _ latitude: Double,
        _ longitude: Double,
        _ properties: Object
    ) throws(ItemProblem) -> Self {
        guard (-90...90).contains(latitude) else {
            throw ItemProblem(field: "location.latitude", why: "\(latitude) is not between -90 and 90 degrees")
        }
        guard (-180...180).contains(longitude) else {
            throw ItemProblem(field: "location.longitude", why: "\(longitude) is not between -180 and 180 degrees")
        }
        var properties = properties
        properties["latitude"] = .decimal(latitude)
        properties["longitude"] = .decimal(longitude)
        return Self(type: Event.location, subject: "", properties: properties)
    }

    package static func campaignInteraction(
        _ campaign: Text,
        _ action: String,
        _ properties: Object
    ) throws(ItemProblem) -> Self {
        guard Event.reportedInteractions.contains(action) else {
            throw ItemProblem(
                field: "campaign_interaction.action",
                why: "\"\(action)\" is none of \(Event.reportedInteractions.joined(separator: ", "))"
            )
        }
        let campaign = try Item.name(campaign, "campaign_interaction.campaign", most: Item.longestName)
        var properties = properties
        properties["action"] = .string(action)
        return Self(type: Event.campaignInteraction, subject: campaign, properties: properties)
    }

    package static func cardInteraction(
        _ card: Text,
        _ action: String,
        _ properties: Object
    ) throws(ItemProblem) -> Self {
        let actions = ["viewed", "clicked", "dismissed"]
        guard actions.contains(action) else {
            throw ItemProblem(
                field: "card_interaction.action",
                why: "\"\(action)\" is none of \(actions.joined(separator: ", "))"
            )
        }
        let card = try Item.name(card, "card_interaction.card", most: Item.longestName)
        var properties = properties
        properties["card"] = .string(card)
        properties["action"] = .string(action)
        return Self(type: Event.cardInteraction, subject: card, properties: properties)
    }
}
