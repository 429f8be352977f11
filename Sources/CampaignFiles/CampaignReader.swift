import Engine
import Yams

/// Reads campaigns from YAML, and so from JSON: `docs/campaigns.md` has the language.
package struct CampaignReader: Sendable {
    /// By the name that a file writes as `type:`.
    package var triggerTypes: [String: ConfigurationSchema]
    /// By the name that a file writes as `channel:`.
    package var channels: [String: ChannelSchema]
    /// Nil for a name that no zone has.
    package var zone: @Sendable (String) -> Zone?

    /// The largest file, in bytes.
    package static let largestFile = 1 << 20

    package init(
        triggerTypes: [String: ConfigurationSchema],
        channels: [String: ChannelSchema],
        zone: @escaping @Sendable (String) -> Zone?
    ) {
        self.triggerTypes = triggerTypes
        self.channels = channels
        self.zone = zone
    }

    /// What a file says, or everything that is wrong with it. A file holds one campaign, several documents of one
    /// each, or a list under `campaigns:`; beside such a list, or alone, `workspace:` may stand.
    package func read(file: String, text: String) -> Result<CampaignSet, CampaignFileErrors> {
        var reading = CampaignReading(reader: self, file: file)
        var set = CampaignSet()
        if text.utf8.count > Self.largestFile {
            reading.problem("the file has \(text.utf8.count) bytes, at most \(Self.largestFile) are read", at: nil, "")
        } else {
            do {
                var documents = try Yams.compose_all(yaml: SurrogatePairs.joined(text), .basic)
                while let document = documents.next() { reading.read(document, into: &set) }
                // A document that does not parse ends the sequence, and says so beside it.
                if let error = documents.error { throw error }
                if set.isEmpty, reading.problems.isEmpty {
                    reading.problem("no campaign is in this file", at: nil, "")
                }
            } catch let error as YamlError {
                reading.syntax(error)
            } catch {
                reading.problem("\(error)", at: nil, "")
            }
        }
        return reading.problems.isEmpty ? .success(set) : .failure(CampaignFileErrors(all: reading.problems))
    }
}

/// Everything that is wrong with a file.
package struct CampaignFileErrors: Error, Sendable {
    package let all: [CampaignFileProblem]
}
