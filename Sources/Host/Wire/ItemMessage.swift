import Core
import Engine
import Schema

extension Item {
    /// Validates an item, once and here.
    init(_ message: UnsafePointer<Triggerd__V1__Item>) throws(ItemProblem) {
        let item = message.pointee
        self.init(user: "", id: nil, time: nil, set: Object(), occurred: nil, device: "")
        user = try Self.name(Text(cString: item.user), "user", most: Self.longestID)
        id = try Self.idempotencyID(Text(cString: item.id))
        time =
            item.time_case == TRIGGERD__V1__ITEM__TIME_TIME_MS ? try Self.instant(item.time_ms, "time_ms") : nil
        isHistory = item.history != 0
        set = Object(item.set, count: item.n_set)
        try Self.check(set)
        switch item.kind_case {
        case TRIGGERD__V1__ITEM__KIND_CUSTOM_EVENT:
            let event = item.custom_event.pointee
            occurred = try .customEvent(
                Text(cString: event.event),
                try Self.properties(event.properties, event.n_properties, "custom_event")
            )
        case TRIGGERD__V1__ITEM__KIND_PURCHASE: occurred = try Self.purchase(item.purchase.pointee)
        case TRIGGERD__V1__ITEM__KIND_SESSION_START:
            let session = item.session_start.pointee
            device = try Self.device(Text(cString: session.device))
            occurred = Occurred(
                type: Event.sessionStart,
                subject: "",
                properties: try Self.properties(session.properties, session.n_properties, "session_start")
            )
        case TRIGGERD__V1__ITEM__KIND_LOCATION:
            occurred = try Self.location(item.location.pointee)
        case TRIGGERD__V1__ITEM__KIND_CAMPAIGN_INTERACTION:
            let interaction = item.campaign_interaction.pointee
            occurred = try .campaignInteraction(
                Text(cString: interaction.campaign),
                String(cString: interaction.action),
                try Self.properties(interaction.properties, interaction.n_properties, "campaign_interaction")
            )
        case TRIGGERD__V1__ITEM__KIND_CARD_INTERACTION:
            let interaction = item.card_interaction.pointee
            occurred = try .cardInteraction(
                Text(cString: interaction.card),
                String(cString: interaction.action),
                try Self.properties(interaction.properties, interaction.n_properties, "card_interaction")
            )
        case TRIGGERD__V1__ITEM__KIND_PROFILE_UPDATE:
            guard item.n_set > 0 else {
                throw ItemProblem(field: "set", why: "a profile update that sets nothing")
            }
            break
        default:
            throw ItemProblem(
                field: "kind",
                why: "none of custom_event, purchase, session_start, location, campaign_interaction, "
                    + "card_interaction and profile_update is there"
            )
        }
        try checkSize()
    }

    /// The message that says this item.
    package func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__Item> {
        let item = arena.make(triggerd__v1__item__init)
        item.pointee.user = arena.text(user)
        item.pointee.id = arena.text(id ?? "")
        if let time {
            item.pointee.time_case = TRIGGERD__V1__ITEM__TIME_TIME_MS
            item.pointee.time_ms = time.milliseconds
        }
        item.pointee.history = isHistory ? 1 : 0
        item.pointee.n_set = set.members.count
        item.pointee.set = set.entries(in: arena, as: Triggerd__V1__Item__SetEntry.self)
        guard let occurred else {
            item.pointee.kind_case = TRIGGERD__V1__ITEM__KIND_PROFILE_UPDATE
            item.pointee.profile_update = arena.make(triggerd__v1__profile_update__init)
            return item
        }
        func number(_ name: String) -> Double {
            switch occurred.properties[name] {
            case .decimal(let decimal)?: decimal
            case .integer(let whole)?: Double(whole)
            default: 0
            }
        }
        func text(_ name: String) -> UnsafeMutablePointer<CChar>? {
            arena.text(occurred.properties[name]?.string ?? "")
        }
        let own = Occurred.ownFields[occurred.type] ?? []
        let properties = Object(occurred.properties.members.filter { !own.contains($0.name.string) })
        let count = properties.members.count
        switch occurred.type {
        case Event.customEvent:
            let event = arena.make(triggerd__v1__custom_event__init)
            event.pointee.event = arena.text(occurred.subject)
            event.pointee.n_properties = count
            event.pointee.properties = properties.entries(
                in: arena,
                as: Triggerd__V1__CustomEvent__PropertiesEntry.self
            )
            item.pointee.kind_case = TRIGGERD__V1__ITEM__KIND_CUSTOM_EVENT
            item.pointee.custom_event = event
        case Event.purchase:
            let purchase = arena.make(triggerd__v1__purchase__init)
            purchase.pointee.product_id = arena.text(occurred.subject)
            purchase.pointee.cost_case = TRIGGERD__V1__PURCHASE__COST_PRICE
            purchase.pointee.price = number("price")
            purchase.pointee.currency = text("currency")
            if case .integer(let quantity)? = occurred.properties["quantity"] {
                purchase.pointee.units_case = TRIGGERD__V1__PURCHASE__UNITS_QUANTITY
                purchase.pointee.quantity = quantity
            }
            purchase.pointee.n_properties = count
            purchase.pointee.properties = properties.entries(
                in: arena,
                as: Triggerd__V1__Purchase__PropertiesEntry.self
            )
            item.pointee.kind_case = TRIGGERD__V1__ITEM__KIND_PURCHASE
            item.pointee.purchase = purchase
        case Event.location:
            let location = arena.make(triggerd__v1__location__init)
            location.pointee.north_case = TRIGGERD__V1__LOCATION__NORTH_LATITUDE
            location.pointee.latitude = number("latitude")
            location.pointee.east_case = TRIGGERD__V1__LOCATION__EAST_LONGITUDE
            location.pointee.longitude = number("longitude")
            location.pointee.n_properties = count
            location.pointee.properties = properties.entries(
                in: arena,
                as: Triggerd__V1__Location__PropertiesEntry.self
            )
            item.pointee.kind_case = TRIGGERD__V1__ITEM__KIND_LOCATION
            item.pointee.location = location
        case Event.campaignInteraction:
            let interaction = arena.make(triggerd__v1__campaign_interaction__init)
            interaction.pointee.campaign = arena.text(occurred.subject)
            interaction.pointee.action = text("action")
            interaction.pointee.n_properties = count
            interaction.pointee.properties = properties.entries(
                in: arena,
                as: Triggerd__V1__CampaignInteraction__PropertiesEntry.self
            )
            item.pointee.kind_case = TRIGGERD__V1__ITEM__KIND_CAMPAIGN_INTERACTION
            item.pointee.campaign_interaction = interaction
        case Event.cardInteraction:
            let interaction = arena.make(triggerd__v1__card_interaction__init)
            interaction.pointee.card = arena.text(occurred.subject)
            interaction.pointee.action = text("action")
            interaction.pointee.n_properties = count
            interaction.pointee.properties = properties.entries(
                in: arena,
                as: Triggerd__V1__CardInteraction__PropertiesEntry.self
            )
            item.pointee.kind_case = TRIGGERD__V1__ITEM__KIND_CARD_INTERACTION
            item.pointee.card_interaction = interaction
        default:
            let session = arena.make(triggerd__v1__session_start__init)
            session.pointee.device = arena.text(device)
            session.pointee.n_properties = count
            session.pointee.properties = properties.entries(
                in: arena,
                as: Triggerd__V1__SessionStart__PropertiesEntry.self
            )
            item.pointee.kind_case = TRIGGERD__V1__ITEM__KIND_SESSION_START
            item.pointee.session_start = session
        }
        return item
    }

    private static func purchase(_ purchase: Triggerd__V1__Purchase) throws(ItemProblem) -> Occurred {
        guard purchase.cost_case == TRIGGERD__V1__PURCHASE__COST_PRICE else {
            throw ItemProblem(field: "purchase.price", why: "is missing; of what is free it is 0")
        }
        return try .purchase(
            Text(cString: purchase.product_id),
            price: .decimal(purchase.price),
            currency: String(cString: purchase.currency),
            quantity: purchase.units_case == TRIGGERD__V1__PURCHASE__UNITS_QUANTITY ? purchase.quantity : 1,
            try properties(purchase.properties, purchase.n_properties, "purchase")
        )
    }

    private static func location(_ location: Triggerd__V1__Location) throws(ItemProblem) -> Occurred {
        guard location.north_case == TRIGGERD__V1__LOCATION__NORTH_LATITUDE else {
            throw ItemProblem(field: "location.latitude", why: "is missing")
        }
        guard location.east_case == TRIGGERD__V1__LOCATION__EAST_LONGITUDE else {
            throw ItemProblem(field: "location.longitude", why: "is missing")
        }
        return try .location(
            location.latitude,
            location.longitude,
            try properties(location.properties, location.n_properties, "location")
        )
    }

    private static func properties<Entry>(
        _ entries: UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>?,
        _ count: Int,
        _ kind: String
    ) throws(ItemProblem) -> Object {
        try checkNames(Object(entries, count: count), kind)
    }
}
