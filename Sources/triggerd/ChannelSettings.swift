import ArgumentParser
import Engine
import Host

/// The settings of channels: `--set email.url=...` beats `TRIGGERD_EMAIL_URL`.
struct ChannelSettings {
    private var byChannel: [String: Object] = [:]

    init(options: [String], environment: [String: String]) throws {
        self.environment = environment
        for option in options {
            let (channel, name, value) = try Self.parse(option)
            byChannel[channel, default: Object()][name] = .string(value)
        }
    }

    private let environment: [String: String]

    static func parse(_ option: String) throws -> (channel: String, name: String, value: String) {
        guard let equals = option.firstIndex(of: "="), let dot = option[..<equals].firstIndex(of: "."),
            dot != option.startIndex, option.index(after: dot) != equals
        else { throw ValidationError("--set \(option): write channel.name=value") }
        return (
            String(option[..<dot]), String(option[option.index(after: dot)..<equals]),
            String(option[option.index(after: equals)...])
        )
    }

    /// What was set for a channel that has these settings.
    func settings(of channel: String, _ fields: [FieldSchema]) -> Object {
        var settings = Object()
        for field in fields {
            let variable = "TRIGGERD_\(channel)_\(field.name)".uppercased()
            if let text = environment[variable], !text.isEmpty { settings[field.name] = Self.value(text, field) }
        }
        for member in (byChannel[channel] ?? Object()).members {
            let field = fields.first { $0.name == member.name }
            settings[member.name] = field.map { Self.value(member.value.plain, $0) } ?? member.value
        }
        return settings
    }

    /// A text as the setting's type has it; what it cannot be stays a text, which the schema then refuses.
    private static func value(_ text: String, _ field: FieldSchema) -> Value {
        switch field.kind {
        case .integer: Int64(text).map(Value.integer) ?? .string(text)
        case .number: Double(text).map(Value.decimal) ?? .string(text)
        case .boolean: text == "true" ? true : text == "false" ? false : .string(text)
        case .string, .strings, .objects, .any: .string(text)
        }
    }

    /// Channels that were given settings by option.
    var channels: [String] { byChannel.keys.sorted() }
}
