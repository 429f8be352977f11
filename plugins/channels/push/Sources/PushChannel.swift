import Dispatch
import HTTPClient
import PluginKit

/// `push`: to every token of the user, by the service that the token names. Where no service is set every push is a
/// file in `push/` in the data folder.
package final class PushChannel: Channel {
    package static let name = "push"
    package static let presentation = Presentation.atOnce
    /// A provider that is 50 ms away takes 10,000 a second with 500 under way; as many again are on their way to it.
    package static let concurrency = 1_000
    package static let hasServices = true
    package static let messageFields = Notification.fields
    package static let settingFields = PushSettings.fields
    package static let addressField: String? = "push_tokens"
    package static let statusField: String? = nil
    package static let consentField: String? = "push_subscription"

    private enum Way {
        case folder(PushFolder)
        case services([any PushService])
    }

    private let way: Way
    private let begun = DispatchGroup()

    package init(settings: Value) throws {
        let settings = try PushSettings(settings)
        var services: [any PushService] = []
        if let fcm = settings.fcm { services.append(try FCMService(fcm, settings.transport)) }
        if let apns = settings.apns { services.append(try APNsService(apns, settings.transport)) }
        if let webPush = settings.webPush { services.append(try WebPushService(webPush, settings.transport)) }
        way = services.isEmpty ? .folder(try PushFolder(settings.folder)) : .services(services)
    }

    package static func check(_ fields: Value) throws {
        try Notification.check(fields)
    }

    package func service(of message: Message) -> String {
        switch way {
        case .folder: ""
        case .services(let services): ServiceLabel.of(message.addresses.map { Recipient($0, services).label })
        }
    }

    package func send(_ message: Message, _ send: Send) {
        deliver(message) { delivery in
            send.complete(delivery.outcome, service: delivery.service, deadAddresses: delivery.deadTokens)
        }
    }

    /// What `send` does; `done` is called exactly once, from any thread.
    package func deliver(_ message: Message, _ done: @escaping @Sendable (Delivery) -> Void) {
        switch way {
        case .folder(let folder):
            done(Delivery(folder.write(message)))
        case .services(let services):
            do throws(Notification.Unsendable) {
                deliver(try Notification(message), message, services, done)
            } catch {
                done(Delivery(.refused(error.description), service: service(of: message)))
            }
        }
    }

    private func deliver(
        _ notification: Notification,
        _ message: Message,
        _ services: [any PushService],
        _ done: @escaping @Sendable (Delivery) -> Void
    ) {
        var seen: Set<String> = []
        let tokens = message.addresses.filter { seen.insert($0).inserted }
        guard !tokens.isEmpty else { return done(Delivery(.refused("the user has no push token"))) }
        let since = Dictionary(zip(message.addresses, message.addressesSince)) { first, _ in first }
        begun.enter()
        let gathering = Gathering(tokens) { [begun] delivery in
            done(delivery)
            begun.leave()
        }
        for (index, token) in tokens.enumerated() {
            switch Recipient(token, services) {
            case .nobody:
                gathering.set(index, "", .refused("a token begins with fcm:, apns: or webpush:, and this one does not"))
            case .unset(let kind):
                gathering.set(index, kind.rawValue, .refused("\(kind.setting) is not set, and the token is of \(kind)"))
            case .known(let service, let rest):
                let label = ServiceLabel.of([service.label(of: rest)])
                let token = PushToken(text: rest, sinceMs: since[token] ?? 0)
                service.push(notification, to: token, before: message.deadline) { gathering.set(index, label, $0) }
            }
        }
    }

    /// Whom a token is for.
    private enum Recipient {
        case nobody
        case unset(ServiceName)
        /// The token without its prefix.
        case known(any PushService, Substring)

        init(_ token: String, _ services: [any PushService]) {
            guard let kind = ServiceName(of: token) else {
                self = .nobody
                return
            }
            guard let service = services.first(where: { $0.name == kind }) else {
                self = .unset(kind)
                return
            }
            self = .known(service, token[token.utf8.index(token.startIndex, offsetBy: kind.rawValue.utf8.count + 1)...])
        }

        var label: String {
            switch self {
            case .nobody: ""
            case .unset(let kind): kind.rawValue
            case .known(let service, let rest): service.label(of: rest)
            }
        }
    }

    package func drain() { begun.wait() }

    package func stop() {
        if case .services(let services) = way { for service in services { service.stop() } }
        begun.wait()
    }
}
