import Engine

/// A campaign that was checked by itself and compiled: all that takes long about applying it, and no other campaign
/// has a part in. One that has problems is of no use to who applies it, and *held* where the store has it (14): what of
/// it can be heard is.
final class PreparedCampaign: Sendable {
    let campaign: Campaign
    /// What the rules refuse, what no loaded plug-in can serve, and templates that do not parse.
    let problems: [CampaignProblem]
    let templates: CampaignTemplates?
    let trigger: CompiledOccurrence?
    let exceptions: [CompiledOccurrence?]
    let conversions: [CompiledOccurrence?]
    /// Of its definition, packed.
    let bytes: Int
    /// Where the definition does not read: as the store has it.
    let unreadable: [UInt8]?

    init(_ campaign: Campaign, bytes: Int, plugins: PluginRegistry) {
        var problems = campaign.refusals(queues: plugins.queues).map { $0.of(campaign.id) }
        func compiled(_ occurrence: Occurrence, at path: String) -> CompiledOccurrence? {
            do throws(CampaignProblems) {
                return try plugins.compile(occurrence, at: path, in: campaign.id)
            } catch {
                problems += error.all
                return nil
            }
        }
        trigger = compiled(campaign.trigger, at: "trigger")
        exceptions = campaign.exceptions.enumerated().map { compiled($1, at: "exceptions[\($0)]") }
        conversions = campaign.conversions.enumerated().map { compiled($1.occurrence, at: "conversions[\($0)]") }
        for (index, message) in campaign.messages.enumerated() {
            problems += plugins.problems(of: message, at: "messages[\(index)]", in: campaign.id)
        }
        var templates: CampaignTemplates?
        do throws(CampaignProblems) {
            templates = try CampaignTemplates(campaign, plugins: plugins)
        } catch {
            problems += error.all
        }
        self.campaign = campaign
        self.problems = problems
        self.templates = templates
        self.bytes = bytes
        unreadable = nil
    }

    /// Of the store. What does not read as a campaign any more has its name and nothing else.
    convenience init(stored definition: [UInt8], of id: CampaignID, plugins: PluginRegistry) {
        do {
            self.init(try Campaign(packed: definition), bytes: definition.count, plugins: plugins)
        } catch {
            let problem =
                error as? CampaignProblem
                ?? CampaignProblem(.invalidCampaign, field: "", "it does not read: \(error)", campaign: id)
            self.init(unreadable: definition, of: id, problem)
        }
    }

    private init(unreadable definition: [UInt8], of id: CampaignID, _ problem: CampaignProblem) {
        campaign = Campaign(id: id, trigger: Occurrence(type: ""), messages: [Message(channel: "")])
        problems = [problem]
        (templates, trigger, exceptions, conversions) = (nil, nil, [], [])
        bytes = definition.count
        unreadable = definition
    }

    var isHeld: Bool { !problems.isEmpty }

    /// As the store has it.
    var definition: [UInt8] { unreadable ?? campaign.packed() }

    /// Whatever of it listens, and for what.
    var subjects: [Subject] { ([trigger] + exceptions + conversions).compactMap(\.self).flatMap(\.subjects) }
}
