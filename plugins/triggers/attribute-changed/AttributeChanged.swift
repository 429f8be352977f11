import PluginKit

/// `attribute_changed`: an attribute took a different value, any or the given one (1.2). The host tells of no list,
/// no null, and no value that was there before.
struct AttributeChanged: TriggerType {
    static let name = "attribute_changed"
    static let fields = [
        Field(name: "attribute", type: .string, flags: .required, summary: "The attribute's name."),
        Field(name: "to", type: .any, summary: "Only to this value."),
    ]

    private let attribute: String
    private let to: Value?

    init(configuration: Value) throws {
        attribute = configuration["attribute"]?.string ?? ""
        guard !attribute.isEmpty else { throw PluginError("attribute: the name is empty") }
        to = configuration["to"]
        switch to {
        case .array?, .object?: throw PluginError("to: must be a boolean, a number or a string")
        default: break
        }
    }

    var subjects: [Subject] { [Subject("attribute_changed", attribute)] }

    func matches(_ event: borrowing Event) -> Bool {
        guard let to else { return true }
        return event.after?.equals(to) ?? false
    }
}

struct AttributeChangedPlugin: Plugin {
    static let name = "attribute-changed"
    static let version = "1.0.0"

    static func register(in registry: inout some Registry) {
        registry.register(trigger: AttributeChanged.self)
    }
}

@c(triggerd_plugin_1)
public func entry(_ host: HostTable?, _ why: ReasonBuffer?) -> ModuleTable? {
    load(AttributeChangedPlugin.self, host, why)
}
