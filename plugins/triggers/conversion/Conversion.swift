import PluginKit

/// `conversion`: the primary conversion of a campaign was credited (1.2, 8.6).
struct Conversion: TriggerType {
    static let name = "conversion"
    static let fields = [
        Field(name: "campaign", type: .string, flags: .required, summary: "The campaign's id.")
    ]

    private let campaign: String

    init(configuration: Value) throws {
        campaign = configuration["campaign"]?.string ?? ""
        guard !campaign.isEmpty else { throw PluginError("campaign: the id is empty") }
    }

    var subjects: [Subject] { [Subject("conversion", campaign)] }

    func matches(_ event: borrowing Event) -> Bool { event.hasSubject(campaign) }
}

struct ConversionPlugin: Plugin {
    static let name = "conversion"
    static let version = "1.0.0"

    static func register(in registry: inout some Registry) {
        registry.register(trigger: Conversion.self)
    }
}

@c(triggerd_plugin_1)
public func entry(_ host: HostTable?, _ why: ReasonBuffer?) -> ModuleTable? {
    load(ConversionPlugin.self, host, why)
}
