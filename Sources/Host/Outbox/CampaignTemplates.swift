import Engine

/// The templates of one version of a campaign, parsed when it was applied.
///
/// Templates see `event` (the properties of the event that triggered), `user` (the profile at the send instant, and
/// `id`) and `campaign.id`.
struct CampaignTemplates: @unchecked Sendable {
    // Stencil's templates are classes that rendering does not change; only the engine's thread renders.
    private let messages: [[Field]]

    private enum Field {
        case plain(Object.Member)
        case template(name: String, ParsedTemplate, isHTML: Bool)
    }

    private static let environment = TemplateEnvironment()

    /// The most that one rendered field may be, in bytes.
    static let longestField = 1 << 20

    init(_ campaign: Campaign, plugins: PluginRegistry) throws {
        messages = try campaign.messages.enumerated().map { index, message in
            try message.fields.members.map { member in
                let kind = plugins.templateKind(of: member.name, in: message.channel)
                guard let text = member.value.string, kind != .plain else { return .plain(member) }
                do {
                    return .template(
                        name: member.name,
                        try Self.environment.parse(text),
                        isHTML: kind == .html
                    )
                } catch {
                    throw CampaignProblem(
                        campaign: campaign.id,
                        field: "messages[\(index)].\(member.name)",
                        code: .invalidCampaign,
                        text: "the template does not parse: \(error)",
                        rule: "10.8"
                    )
                }
            }
        }
    }

    func render(_ rendering: Rendering) -> Rendered {
        guard messages.indices.contains(rendering.message) else { return .failed("no such message") }
        var fields: [Object.Member] = []
        for field in messages[rendering.message] {
            switch field {
            case .plain(let member): fields.append(member)
            case .template(let name, let template, let isHTML):
                do {
                    let text = try template.render(Self.context(rendering, isHTML: isHTML))
                    guard text.utf8.count <= Self.longestField else {
                        return .failed("\(name) is \(text.utf8.count) bytes, at most \(Self.longestField) are sent")
                    }
                    fields.append(Object.Member(name, .string(text)))
                } catch let abort as Abort {
                    return .aborted(abort.reason)
                } catch {
                    return .failed("\(name): \(error)")
                }
            }
        }
        return .fields(Object(fields))
    }

    private static func context(_ rendering: Rendering, isHTML: Bool) -> [String: Any] {
        var user = plain(rendering.profile, isHTML: isHTML)
        user["id"] = isHTML ? rendering.user.escapedForHTML : rendering.user
        return [
            "event": plain(rendering.properties, isHTML: isHTML), "user": user,
            "campaign": ["id": rendering.campaign],
        ]
    }

    private static func plain(_ object: Object, isHTML: Bool) -> [String: Any] {
        Dictionary(
            object.members.map { ($0.name, plain($0.value, isHTML: isHTML)) },
            uniquingKeysWith: { _, last in last }
        )
    }

    private static func plain(_ value: Value, isHTML: Bool) -> Any {
        switch value {
        case .null: String?.none as Any
        case .boolean(let value): value
        case .integer(let value): Int(value)
        case .decimal(let value): value
        case .string(let text): isHTML ? text.escapedForHTML : text
        case .array(let elements): elements.map { plain($0, isHTML: isHTML) }
        case .object(let object): plain(object, isHTML: isHTML)
        }
    }
}

extension String {
    fileprivate var escapedForHTML: String {
        guard utf8.contains(where: { "&<>\"'".utf8.contains($0) }) else { return self }
        var escaped = ""
        for character in unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
