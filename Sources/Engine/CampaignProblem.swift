/// What is wrong with one field of one campaign.
package struct CampaignProblem: Error, Sendable {
    package var file: String
    package var line: Int
    package var campaign: CampaignID
    package var field: String
    package var code: CampaignRefusal.Code
    package var text: String
    package var rule: String?

    package init(
        file: String = "",
        line: Int = 0,
        campaign: CampaignID,
        field: String,
        code: CampaignRefusal.Code,
        text: String,
        rule: String? = nil
    ) {
        self.file = file
        self.line = line
        self.campaign = campaign
        self.field = field
        self.code = code
        self.text = text
        self.rule = rule
    }

    package init(campaign: CampaignID, _ refusal: CampaignRefusal) {
        self.init(
            campaign: campaign,
            field: refusal.field,
            code: refusal.code,
            text: refusal.text,
            rule: refusal.rule
        )
    }
}
