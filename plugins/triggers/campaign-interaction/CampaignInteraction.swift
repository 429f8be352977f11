import PluginKit

/// `campaign_interaction`: the user did something with a campaign, a given one or any (1.4).
struct CampaignInteraction: TriggerType {
    static let name = "campaign_interaction"
    static let actions = [
        "push_received", "email_received", "webhook_received", "in_app_viewed", "control_enrolled", "push_opened",
        "email_opened", "email_clicked", "in_app_clicked", "in_app_dismissed",
    ]
    static let fields = [
        Field(name: "action", type: .string, flags: .required, oneOf: actions, summary: "What the user did."),
        Field(name: "campaign", type: .string, summary: "Only with this campaign."),
    ]

    private let action: String
    private let campaign: String

    init(configuration: Value) throws {
        action = configuration["action"]?.string ?? ""
        campaign = configuration["campaign"]?.string ?? ""
    }

    var subjects: [Subject] { [Subject("campaign_interaction", campaign)] }

    func matches(_ event: borrowing Event) -> Bool {
        (campaign.isEmpty || event.hasSubject(campaign)) && event.properties["action"]?.string == action
    }
}

struct CampaignInteractionPlugin: Plugin {
    static let name = "campaign-interaction"
    static let version = "1.0.0"

    static func register(in registry: inout some Registry) {
        registry.register(trigger: CampaignInteraction.self)
    }
}

@c(triggerd_plugin_1)
public func entry(_ host: HostTable?, _ why: ReasonBuffer?) -> ModuleTable? {
    load(CampaignInteractionPlugin.self, host, why)
}
