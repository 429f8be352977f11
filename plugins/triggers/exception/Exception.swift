import PluginKit

/// `exception`: an exception of a campaign really cancelled a waiting send (1.2, 8.10).
struct Exception: TriggerType {
    static let name = "exception"
    static let fields = [
        Field(name: "campaign", type: .string, flags: .required, summary: "The campaign's id.")
    ]

    private let campaign: String

    init(configuration: Value) throws {
        campaign = configuration["campaign"]?.string ?? ""
        guard !campaign.isEmpty else { throw PluginError("campaign: the id is empty") }
    }

    var subjects: [Subject] { [Subject("exception", campaign)] }

    func matches(_ event: borrowing Event) -> Bool { event.hasSubject(campaign) }
}

struct ExceptionPlugin: Plugin {
    static let name = "exception"
    static let version = "1.0.0"

    static func register(in registry: inout some Registry) {
        registry.register(trigger: Exception.self)
    }
}

@c(triggerd_plugin_1)
public func entry(_ host: HostTable?, _ why: ReasonBuffer?) -> ModuleTable? {
    load(ExceptionPlugin.self, host, why)
}
