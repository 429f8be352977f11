/// What is wrong with one field of one campaign, whoever finds it, and where that is written.
package struct CampaignProblem: Error, Hashable, Sendable {
    /// The words of a refusal (11, "Configuration refusals").
    package enum Code: String, Hashable, Sendable {
        case exceptionNeedsDelay = "exception_needs_delay"
        case sessionStartBoth = "session_start_both"
        case sessionStartExceptionForInApp = "session_start_exception_for_in_app"
        case emptyWindow = "empty_window"
        case endBeforeStart = "end_before_start"
        case zeroDelayCycle = "zero_delay_cycle"
        case reEligibilityTooLong = "reeligibility_too_long"
        case noChannel = "no_channel"
        case invalidCampaign = "invalid_campaign"
    }

    package var code: Code
    /// The path of the field, as a campaign file writes it: `exceptions[0].type`.
    package var field: String
    package var text: String
    /// The number in the rules, where the code has one.
    package var rule: String?
    /// Empty until it is known whose it is, and of what is wrong with no single one.
    package var campaign: CampaignID
    /// Empty where it was read from no file.
    package var file: String
    /// From 1; 0 where nobody knows.
    package var line: Int

    package init(
        _ code: Code = .invalidCampaign,
        field: String,
        _ text: String,
        rule: String? = nil,
        campaign: CampaignID = "",
        file: String = "",
        line: Int = 0
    ) {
        self.code = code
        self.field = field
        self.text = text
        self.rule = rule
        self.campaign = campaign
        self.file = file
        self.line = line
    }

    package func of(_ campaign: CampaignID) -> CampaignProblem {
        var problem = self
        problem.campaign = campaign
        return problem
    }
}

/// Everything that is wrong with a campaign, or with a file of them.
package struct CampaignProblems: Error, Sendable {
    package let all: [CampaignProblem]

    package init(_ all: [CampaignProblem]) {
        self.all = all
    }
}

extension CampaignProblem: CustomStringConvertible {
    /// `cart.yaml:7: campaign abandoned-cart: delay: ... [code, rule 3.1]`
    package var description: String {
        var text = file.isEmpty ? "" : line > 0 ? "\(file):\(line): " : "\(file): "
        if !campaign.isEmpty { text += "campaign \(campaign): " }
        if !field.isEmpty { text += "\(field): " }
        text += self.text + " [\(code.rawValue)"
        if let rule { text += ", rule \(rule)" }
        return text + "]"
    }
}
