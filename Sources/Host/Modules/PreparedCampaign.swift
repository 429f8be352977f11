import Engine

/// A campaign that was checked by itself and compiled: all that takes long about applying it, and no other campaign
/// has a part in.
final class PreparedCampaign: Sendable {
    let campaign: Campaign
    let templates: CampaignTemplates
    let trigger: CompiledOccurrence
    let exceptions: [CompiledOccurrence]
    let conversions: [CompiledOccurrence]
    /// Of its definition, packed.
    let bytes: Int

    /// Throws what the rules refuse, what no loaded plug-in can serve, and templates that do not parse.
    init(_ campaign: Campaign, bytes: Int, plugins: PluginRegistry) throws(CampaignProblems) {
        var problems = campaign.refusals(queues: plugins.queues).map { $0.of(campaign.id) }
        func compiled(_ occurrence: Occurrence, at path: String) -> CompiledOccurrence? {
            do throws(CampaignProblems) {
                return try plugins.compile(occurrence, at: path, in: campaign.id)
            } catch {
                problems += error.all
                return nil
            }
        }
        let trigger = compiled(campaign.trigger, at: "trigger")
        exceptions = campaign.exceptions.enumerated().compactMap { compiled($1, at: "exceptions[\($0)]") }
        conversions = campaign.conversions.enumerated().compactMap { compiled($1.occurrence, at: "conversions[\($0)]") }
        for (index, message) in campaign.messages.enumerated() {
            problems += plugins.problems(of: message, at: "messages[\(index)]", in: campaign.id)
        }
        var templates: CampaignTemplates?
        do throws(CampaignProblems) {
            templates = try CampaignTemplates(campaign, plugins: plugins)
        } catch {
            problems += error.all
        }
        guard problems.isEmpty, let trigger, let templates else { throw CampaignProblems(problems) }
        self.campaign = campaign
        self.bytes = bytes
        self.trigger = trigger
        self.templates = templates
    }
}
