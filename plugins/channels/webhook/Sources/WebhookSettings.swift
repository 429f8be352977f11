import HTTPClient
import PluginKit

/// The channel's settings, checked. What is wrong names its setting, and holds nothing of a secret.
package struct WebhookSettings: Sendable {
    package var url: String?
    package var secrets: WebhookSecrets
    /// Whether URLs that an event or a profile made may lead to this machine and its networks.
    package var mayStayLocal: Bool
    package var caFile: String?
    package var timeoutMs: Int64

    private static let defaultTimeoutSeconds: Int64 = 20
    static let longestTimeoutSeconds = 600

    package static let fields: [Field] = [
        Field(name: "url", type: .string, summary: "where messages go that name no url"),
        Field(
            name: "secret",
            type: .string,
            flags: .secret,
            summary: "whsec_ and 24 to 64 bytes in base64; several, each on a line, while it is changed"
        ),
        Field(
            name: "secrets",
            type: .string,
            flags: .secret,
            summary: "those that messages name: on each line a name and its keys"
        ),
        Field(
            name: "allow_local",
            type: .boolean,
            summary: "whether a URL that a template makes may lead to this machine and its networks; default false"
        ),
        Field(name: "ca_file", type: .string, summary: "PEM file of the certificates to trust, not the system's"),
        Field(name: "timeout_seconds", type: .integer, summary: "for one message, 1 to 600; default 20"),
    ]

    package init(_ settings: Value) throws(PluginError) {
        func text(_ name: String) -> String? { settings[name]?.string.flatMap { $0.isEmpty ? nil : $0 } }

        url = text("url")
        if let url {
            do throws(WebAddress.Fault) {
                _ = try WebAddress(url)
            } catch {
                throw PluginError("url: the URL \(error)")
            }
        }
        secrets = try WebhookSecrets(secret: text("secret"), secrets: text("secrets"))
        mayStayLocal = settings["allow_local"]?.boolean ?? false
        if url != nil, secrets.isEmpty { throw PluginError("secret is not set, and url is: every message is signed") }
        caFile = try CertificateFile.checked(text("ca_file"))
        let seconds = settings["timeout_seconds"]?.integer ?? Self.defaultTimeoutSeconds
        guard (1...Int64(Self.longestTimeoutSeconds)).contains(seconds) else {
            throw PluginError("timeout_seconds: \(seconds) is not within 1 to \(Self.longestTimeoutSeconds)")
        }
        timeoutMs = seconds * 1_000
    }
}
