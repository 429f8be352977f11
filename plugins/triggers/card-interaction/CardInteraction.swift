import PluginKit

/// `card_interaction`: the user viewed, clicked or dismissed a card (1.4).
struct CardInteraction: TriggerType {
    static let name = "card_interaction"
    static let fields = [
        Field(name: "card", type: .string, summary: "Only this card."),
        Field(
            name: "action",
            type: .string,
            oneOf: ["viewed", "clicked", "dismissed"],
            summary: "Only this action."
        ),
    ]

    private let card: String
    private let action: String?

    init(configuration: Value) {
        card = configuration["card"]?.string ?? ""
        action = configuration["action"]?.string
    }

    var subjects: [Subject] { [Subject("card_interaction", card)] }

    func matches(_ event: borrowing Event) -> Bool {
        guard card.isEmpty || event.hasSubject(card) else { return false }
        guard let action else { return true }
        return event.properties["action"]?.string == action
    }
}

struct CardInteractionPlugin: Plugin {
    static let name = "card-interaction"
    static let version = "1.0.0"

    static func register(in registry: inout some Registry) {
        registry.register(trigger: CardInteraction.self)
    }
}

@c(triggerd_plugin_1)
public func entry(_ host: HostTable?, _ why: ReasonBuffer?) -> ModuleTable? {
    load(CardInteractionPlugin.self, host, why)
}
