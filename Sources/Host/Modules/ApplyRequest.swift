import Engine

/// Campaigns that are to be applied, each with what was prepared of it: where they have to be put beside other
/// campaigns than thought, nothing is compiled a second time.
package struct ApplyRequest: Sendable {
    let set: CampaignSet
    private var prepared: [Int: Result<PreparedCampaign, CampaignProblems>] = [:]

    package init(_ set: CampaignSet) {
        self.set = set
    }

    mutating func prepared(
        _ index: Int,
        _ plugins: PluginRegistry,
        _ limits: HostLimits
    ) -> Result<PreparedCampaign, CampaignProblems> {
        if let known = prepared[index] { return known }
        let campaign = set.campaigns[index]
        let made = Result { () throws(CampaignProblems) in
            let bytes = campaign.packed().count
            if bytes > limits.bytesOfCampaign {
                let text = "its definition has \(bytes) bytes, more than the \(limits.bytesOfCampaign) that it may have"
                throw CampaignProblems([
                    CampaignProblem(field: "", text, campaign: campaign.id)
                ])
            }
            let prepared = PreparedCampaign(campaign, bytes: bytes, plugins: plugins)
            guard prepared.problems.isEmpty else { throw CampaignProblems(prepared.problems) }
            return prepared
        }
        prepared[index] = made
        return made
    }
}
