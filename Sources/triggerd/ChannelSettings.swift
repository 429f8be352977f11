import ArgumentParser
import Engine
import Glibc
import Host

/// The settings of channels: `--set email.url=...` beats `TRIGGERD_EMAIL_URL`. A secret comes from the environment or
/// from a file, and never from the command line, which everybody on the machine can read.
struct ChannelSettings {
    private var byChannel: [String: Object] = [:]
    private let environment: @Sendable (_ variable: String, _ isSecret: Bool) -> String?

    init(
        options: [String],
        environment: @escaping @Sendable (_ variable: String, _ isSecret: Bool) -> String? = Self.variable
    ) throws {
        self.environment = environment
        for option in options {
            let (channel, name, value) = try Self.parse(option)
            byChannel[channel, default: Object()][name] = .string(value)
        }
    }

    static func parse(_ option: String) throws -> (channel: String, name: String, value: String) {
        guard let equals = option.firstIndex(of: "="), let dot = option[..<equals].firstIndex(of: "."),
            dot != option.startIndex, option.index(after: dot) != equals
        else {
            // What stands behind the sign may be a secret.
            throw ValidationError("--set \(option.prefix { $0 != "=" }): write channel.name=value")
        }
        return (
            String(option[..<dot]), String(option[option.index(after: dot)..<equals]),
            String(option[option.index(after: equals)...])
        )
    }

    /// What was set for a channel that has these settings.
    func settings(of channel: String, _ fields: [FieldSchema]) throws -> Object {
        var settings = Object()
        for field in fields {
            let variable = Self.variable(of: channel, field)
            if let text = environment(variable, field.isSecret), !text.isEmpty {
                settings[field.name] = Self.value(text, field)
            }
        }
        for member in (byChannel[channel] ?? Object()).members {
            let field = fields.first { $0.name == member.name.string }
            if let field, field.isSecret {
                throw Failure(
                    "--set \(channel).\(field.name): it is a secret, and everybody on this machine can read a command line; set \(Self.variable(of: channel, field)) in the environment, or \(channel).\(field.name)_file to the file that holds it"
                )
            }
            settings[member.name] = field.map { Self.value(member.value.plain, $0) } ?? member.value
        }
        return settings
    }

    private static func variable(of channel: String, _ field: FieldSchema) -> String {
        "TRIGGERD_\(channel)_\(field.name)".uppercased()
    }

    /// A variable of the process; a secret one is wiped where it stood, so that it is not handed down, nor shown by
    /// /proc.
    static let variable: @Sendable (_ name: String, _ isSecret: Bool) -> String? = { name, isSecret in
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        if isSecret {
            memset(value, 0, strlen(value))
            unsetenv(name)
        }
        return text
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
