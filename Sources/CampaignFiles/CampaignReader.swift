import Engine

/// Reads campaigns from YAML, and so from JSON: `docs/campaigns.md` has the language.
package struct CampaignReader: Sendable {
    /// By the name that a file writes as `type:`.
    package var triggerTypes: [String: [FieldSchema]]
    /// By the name that a file writes as `channel:`.
    package var channels: [String: ChannelSchema]
    /// Nil for a name that no zone has.
    package var zone: @Sendable (String) -> Zone?
    /// Makes what `matches` searches for.
    package var pattern: ReadPattern

    package init(
        triggerTypes: [String: [FieldSchema]],
        channels: [String: ChannelSchema],
        zone: @escaping @Sendable (String) -> Zone?,
        pattern: @escaping ReadPattern
    ) {
        self.triggerTypes = triggerTypes
        self.channels = channels
        self.zone = zone
        self.pattern = pattern
    }

    /// What a file says, or everything that is wrong with it. A file holds one campaign, several documents of one
    /// each, or a list under `campaigns:`; beside such a list, or alone, `workspace:` may stand.
    package func read(file: String, text: String) -> Result<CampaignSet, CampaignProblems> {
        var reading = CampaignReading(reader: self, file: file)
        var set = CampaignSet()
        let (documents, fault) = NodeComposer.documents(text, atMost: FileLimits.campaignBytes)
        for document in documents { reading.read(document, into: &set) }
        // What does not parse ends the file; what stands before it has its own faults.
        if let fault {
            reading.campaign = ""
            reading.problem(fault.text, at: fault.mark, "")
        } else if set.isEmpty, reading.problems.isEmpty {
            reading.problem("no campaign is in this file", at: nil, "")
        }
        return reading.problems.isEmpty ? .success(set) : .failure(CampaignProblems(reading.problems))
    }
}
