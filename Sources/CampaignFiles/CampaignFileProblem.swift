import Engine

/// What is wrong at one place of a campaign file.
package struct CampaignFileProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package var file: String
    /// From 1.
    package var line: Int
    package var column: Int
    package var campaign: CampaignID
    /// The path of the key: `exceptions[0].where.gt`.
    package var field: String
    package var code: CampaignRefusal.Code
    package var text: String
    package var rule: String?

    package var description: String {
        "\(file):\(line): \(field.isEmpty ? "" : "\(field): ")\(text)"
    }
}
