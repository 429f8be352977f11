import HTTPClient
import PluginKit

/// The channel's settings, checked. What is wrong names its setting, and holds nothing of a secret.
package struct PushSettings: Sendable {
    package var fcm: FCM?
    package var apns: APNs?
    package var webPush: WebPush?
    package var transport: Transport
    /// For pushes where no service is set.
    package var folder: String

    package struct FCM: Sendable {
        var account: ServiceAccount
        /// Scheme, host and port.
        var base: String
    }

    package struct APNs: Sendable {
        var signer: APNsSigner
        var topic: String
        var base: String
    }

    package struct WebPush: Sendable {
        var vapid: VAPIDKey
        var subject: String
        /// Whether endpoints may be on this machine and network.
        var mayStayLocal: Bool
    }

    package struct Transport: Sendable {
        var caFile: String?
        var timeoutMs: Int64
    }

    private static let defaultTimeoutSeconds: Int64 = 20

    package static let fields: [Field] = [
        Field(name: "fcm_service_account", type: .string, flags: .secret, summary: "the service account's key, JSON"),
        Field(name: "fcm_url", type: .string, summary: "default https://fcm.googleapis.com"),
        Field(name: "apns_key", type: .string, flags: .secret, summary: "the token signing key (.p8), PEM"),
        Field(name: "apns_key_id", type: .string, summary: "its key ID"),
        Field(name: "apns_team_id", type: .string, summary: "the developer account's team ID"),
        Field(name: "apns_topic", type: .string, summary: "the app's bundle ID"),
        Field(name: "apns_url", type: .string, summary: "default https://api.push.apple.com"),
        Field(name: "webpush_key", type: .string, flags: .secret, summary: "the VAPID private key, PEM or base64url"),
        Field(name: "webpush_subject", type: .string, summary: "mailto: or https:, whom push services may write to"),
        Field(
            name: "allow_local",
            type: .boolean,
            summary: "whether web push endpoints may be on this machine and its networks; default false"
        ),
        Field(name: "webpush_loopback", type: .boolean, summary: "the earlier name of allow_local"),
        Field(name: "ca_file", type: .string, summary: "PEM file of the certificates to trust, not the system's"),
        Field(name: "timeout_seconds", type: .integer, summary: "for one push, 1 to 600; default 20"),
    ]

    package init(_ settings: Value) throws(PluginError) {
        let given = Given(settings)
        fcm = try Self.fcm(given)
        apns = try Self.apns(given)
        webPush = try Self.webPush(given)
        let seconds = settings["timeout_seconds"]?.integer ?? Self.defaultTimeoutSeconds
        guard (1...600).contains(seconds) else {
            throw PluginError("timeout_seconds: \(seconds) is not within 1 to 600")
        }
        transport = Transport(caFile: try CertificateFile.checked(given["ca_file"]), timeoutMs: seconds * 1_000)
        folder = (given["data_folder"] ?? ".") + "/push"
    }

    /// Settings that are empty are not set.
    private struct Given {
        let settings: Value

        init(_ settings: Value) { self.settings = settings }

        subscript(_ name: String) -> String? { settings[name]?.string.flatMap { $0.isEmpty ? nil : $0 } }

        func needs(_ name: String, for other: String) throws(PluginError) -> String {
            guard let text = self[name] else { throw PluginError("\(name) is not set, and \(other) is") }
            return text
        }

        func mayStand(_ names: [String], without key: String) throws(PluginError) {
            for name in names where self[name] != nil { throw PluginError("\(name) is of no use without \(key)") }
        }

        func base(_ name: String, _ usual: String) throws(PluginError) -> String {
            guard let text = self[name] else { return usual }
            let address = try PushSettings.address(name, text)
            guard let base = address.base else { throw PluginError("\(name): it must be scheme, host and port alone") }
            return base
        }
    }

    /// Keys and messages go over TLS, or stay on the machine.
    static func address(_ name: String, _ text: String) throws(PluginError) -> WebAddress {
        let address: WebAddress
        do throws(WebAddress.Fault) {
            address = try WebAddress(text)
        } catch {
            throw PluginError("\(name): the URL \(error)")
        }
        guard address.isSecure || address.isLoopback else {
            throw PluginError("\(name): it must be https:, or http: to this machine itself")
        }
        return address
    }

    private static func fcm(_ given: Given) throws(PluginError) -> FCM? {
        guard let json = given["fcm_service_account"] else {
            try given.mayStand(["fcm_url"], without: "fcm_service_account")
            return nil
        }
        let base = try given.base("fcm_url", "https://fcm.googleapis.com")
        return FCM(account: try ServiceAccount(json: json), base: base)
    }

    private static func apns(_ given: Given) throws(PluginError) -> APNs? {
        guard let key = given["apns_key"] else {
            try given.mayStand(["apns_key_id", "apns_team_id", "apns_topic", "apns_url"], without: "apns_key")
            return nil
        }
        let keyID = try given.needs("apns_key_id", for: "apns_key")
        let teamID = try given.needs("apns_team_id", for: "apns_key")
        let topic = try given.needs("apns_topic", for: "apns_key")
        for (name, id) in [("apns_key_id", keyID), ("apns_team_id", teamID)] where !isWord(id, "") {
            throw PluginError("\(name): it must be of letters and digits, as Apple shows it")
        }
        guard isWord(topic, "-._") else {
            throw PluginError("apns_topic: it must be a bundle ID, as in com.example.shop")
        }
        let base = try given.base("apns_url", "https://api.push.apple.com")
        return APNs(signer: try APNsSigner(pem: key, keyID: keyID, teamID: teamID), topic: topic, base: base)
    }

    private static func webPush(_ given: Given) throws(PluginError) -> WebPush? {
        let local = ["allow_local", "webpush_loopback"].first { given.settings[$0]?.boolean ?? false }
        guard let key = given["webpush_key"] else {
            try given.mayStand(["webpush_subject"], without: "webpush_key")
            if let local { throw PluginError("\(local) is of no use without webpush_key") }
            return nil
        }
        let subject = try given.needs("webpush_subject", for: "webpush_key")
        if let fault = VAPIDSubject.fault(of: subject) { throw PluginError("webpush_subject: \(fault)") }
        return WebPush(vapid: try VAPIDKey(key), subject: subject, mayStayLocal: local != nil)
    }

    private static func isWord(_ text: String, _ more: String) -> Bool {
        text.utf8.count <= 255
            && text.unicodeScalars.allSatisfy {
                $0.isASCII
                    && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || more.unicodeScalars.contains($0))
            }
    }
}
