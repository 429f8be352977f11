import Engine
import Templates

/// The templates of one version of a campaign, parsed when it was applied.
///
/// Templates see `event` (the properties of the event that triggered), `user` (the profile at the send instant, and
/// `id`) and `campaign.id`.
struct CampaignTemplates: Sendable {
    private let messages: [[Field]]

    private struct Field {
        var name: Text
        var content: Content
        /// Which a channel connects to: it is told how much of it the campaign wrote.
        var isURL = false
    }

    /// A field's value: of a template field every string in it is a template.
    private indirect enum Content {
        case plain(Value)
        case template(Template, Escaping)
        case list([Content])
        case mapping([(name: Text, content: Content)])
    }

    /// Throws every template that does not parse.
    init(_ campaign: Campaign, plugins: PluginRegistry) throws(CampaignProblems) {
        var problems: [CampaignProblem] = []
        messages = campaign.messages.enumerated().map { index, message in
            message.fields.members.map { member in
                guard let escaping = plugins.escaping(of: member.name.string, in: message.channel) else {
                    return Field(name: member.name, content: .plain(member.value))
                }
                let path = "messages[\(index)].\(member.name)"
                let filled = plugins.filledNames(of: message.channel)
                let content = Self.content(member.value, escaping, filled, at: path) { path, fault in
                    problems.append(
                        CampaignProblem(
                            field: path,
                            "the template does not parse: \(fault)",
                            rule: "10.8",
                            campaign: campaign.id
                        )
                    )
                }
                let isURL = plugins.isURL(member.name.string, in: message.channel)
                return Field(name: member.name, content: content, isURL: isURL)
            }
        }
        guard problems.isEmpty else { throw CampaignProblems(problems) }
    }

    private static func content(
        _ value: Value,
        _ escaping: Escaping,
        _ filled: [String],
        at path: String,
        _ report: (String, TemplateFault) -> Void
    ) -> Content {
        switch value {
        case .null, .boolean, .integer, .decimal: return .plain(value)
        case .string(let text):
            do throws(TemplateFault) {
                let template = try Template(
                    text.string,
                    filled: filled,
                    languages: KnownLanguages.all,
                    zone: Zones.zone
                )
                return .template(template, escaping)
            } catch {
                report(path, error)
                return .plain(value)
            }
        case .array(let elements):
            return .list(
                elements.enumerated().map { content($0.element, escaping, filled, at: "\(path)[\($0.offset)]", report) }
            )
        case .object(let object):
            return .mapping(
                object.members.map { ($0.name, content($0.value, escaping, filled, at: "\(path).\($0.name)", report)) }
            )
        }
    }

    /// All fields of a message, within one budget.
    func render(_ rendering: Rendering, workspaceZone: Zone) -> Rendered {
        guard messages.indices.contains(rendering.message) else { return .failed("no such message") }
        let scope = TemplateScope(
            event: rendering.properties,
            profile: rendering.profile,
            user: rendering.user,
            campaign: rendering.campaign,
            now: rendering.now,
            workspaceZone: workspaceZone,
            zone: Zones.zone
        )
        var budget = RenderBudget()
        var fields: [Object.Member] = []
        fields.reserveCapacity(messages[rendering.message].count)
        var leads: [FieldLead] = []
        for field in messages[rendering.message] {
            do throws(RenderFault) {
                if field.isURL, case .template(let template, let escaping) = field.content {
                    let (url, own) = try template.renderTellingOwn(scope, escaping: escaping, budget: &budget)
                    fields.append(Object.Member(field.name, .string(Text(url))))
                    if let own { leads.append(FieldLead(field: field.name, bytes: UInt32(clamping: own))) }
                } else {
                    fields.append(Object.Member(field.name, try Self.render(field.content, scope, &budget)))
                }
            } catch {
                switch error {
                case .aborted(let reason): return .aborted(reason)
                case .misused(let fault): return .failed("\(field.name): \(fault)")
                case .failed(let reason): return .failed("\(field.name): \(reason)")
                }
            }
        }
        return .fields(Object(fields), leads: leads)
    }

    private static func render(
        _ content: Content,
        _ scope: TemplateScope,
        _ budget: inout RenderBudget
    ) throws(RenderFault) -> Value {
        switch content {
        case .plain(let value): return value
        case .template(let template, let escaping):
            return .string(try template.render(scope, escaping: escaping, budget: &budget))
        case .list(let elements):
            var values: [Value] = []
            for element in elements { values.append(try render(element, scope, &budget)) }
            return .array(values)
        case .mapping(let members):
            var values: [Object.Member] = []
            for member in members {
                values.append(Object.Member(member.name, try render(member.content, scope, &budget)))
            }
            return .object(Object(values))
        }
    }
}

extension PluginRegistry {
    /// Nil for a field that is no template.
    fileprivate func escaping(of field: String, in channel: String) -> Escaping? {
        switch templateKind(of: field, in: channel) {
        case .plain: nil
        case .text: .text
        case .html: .html
        }
    }
}
