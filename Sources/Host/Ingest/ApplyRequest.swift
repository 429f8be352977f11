import Engine

/// Campaigns that are to be applied, each with what was prepared of it: where they have to be put beside other
/// campaigns than thought, nothing is compiled a second time.
struct ApplyRequest: Sendable {
    let set: CampaignSet
    private var prepared: [Int: Result<PreparedCampaign, CampaignProblems>] = [:]

    init(_ set: CampaignSet) {
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
            try limits.check(campaign, bytes)
            return try PreparedCampaign(campaign, bytes: bytes, plugins: plugins)
        }
        prepared[index] = made
        return made
    }
}

extension HostLimits {
    /// What one campaign may be, whatever it says.
    fileprivate func check(_ campaign: Campaign, _ bytes: Int) throws(CampaignProblems) {
        var problems: [CampaignProblem] = []
        func refuse(_ field: String, _ text: String) {
            problems.append(
                CampaignProblem(campaign: campaign.id, field: field, code: .invalidCampaign, text: text)
            )
        }
        for (field, count) in [("exceptions", campaign.exceptions.count), ("conversions", campaign.conversions.count)]
        where count > occurrencesOfCampaign {
            refuse(field, "\(count) are more than the \(occurrencesOfCampaign) that a campaign may have")
        }
        if bytes > bytesOfCampaign {
            refuse("", "its definition has \(bytes) bytes, more than the \(bytesOfCampaign) that it may have")
        }
        guard problems.isEmpty else { throw CampaignProblems(problems) }
    }
}
