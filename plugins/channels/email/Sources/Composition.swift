import PluginKit

extension Letter {
    /// The fields of a campaign's message; whatever is not there comes from the settings.
    package static let fields: [Field] = [
        Field(name: "subject", type: .string, flags: [.required, .template], summary: "one line"),
        Field(name: "body", type: .string, flags: [.template], summary: "as plain text; this, html or both"),
        Field(name: "html", type: .string, flags: [.template, .html], summary: "as HTML"),
        Field(name: "from", type: .string, flags: [.template], summary: "\"Name <address>\", for the settings' from"),
        Field(name: "reply_to", type: .string, flags: [.template], summary: "for the settings' reply_to"),
        Field(
            name: "list_unsubscribe",
            type: .string,
            flags: [.template],
            summary: "for the settings' list_unsubscribe, such as a link of the user's own"
        ),
    ]

    /// A message that is due, as a letter.
    /// - Throws: the outcome that ends it unsent.
    package init(_ message: Message, _ settings: EmailSettings) throws(Unsent) {
        func text(_ name: String) -> String? { message.text(name).flatMap { $0.trimmed.isEmpty ? nil : $0 } }
        func mailbox(_ name: String) throws(Unsent) -> Mailbox? {
            guard let text = text(name) else { return nil }
            do throws(AddressFault) {
                return try Mailbox(parsing: text)
            } catch {
                throw Unsent(.refused("\(name) \(error)"))
            }
        }

        guard let subject = text("subject") else { throw Unsent(.refused("the subject is empty")) }
        self.init(
            name: StableName(key: message.key),
            from: try mailbox("from") ?? settings.from,
            to: try Self.recipients(message.addresses),
            replyTo: try mailbox("reply_to") ?? settings.replyTo,
            subject: subject,
            content: try Content(text: text("body"), html: text("html")),
            unsubscribe: settings.unsubscribe,
            origin: String(settings.from.domain)
        )
        if let link = text("list_unsubscribe") {
            unsubscribe = UnsubscribeLink(link)
            guard unsubscribe != nil else {
                throw Unsent(.refused("list_unsubscribe is not an https: or mailto: link"))
            }
        }
    }

    /// The user's addresses that can be written to; one that cannot hinders no other.
    private static func recipients(_ addresses: [String]) throws(Unsent) -> [Mailbox] {
        var mailboxes: [Mailbox] = []
        var unsent = Unsent(.refused("the message has no address"))
        for address in addresses {
            do throws(AddressFault) {
                mailboxes.append(try Mailbox(address: address))
            } catch .notASCII {
                // It may well be somebody's; this channel cannot write to it.
                unsent = Unsent(.refused("the address \(AddressFault.notASCII)"))
            } catch {
                unsent = Unsent(.addressDead(address, "the address \(error)"))
            }
        }
        guard !mailboxes.isEmpty else { throw unsent }
        return mailboxes
    }

    /// Why a message never left.
    package struct Unsent: Error {
        package let outcome: Outcome

        init(_ outcome: Outcome) { self.outcome = outcome }
    }
}

extension Letter.Content {
    fileprivate init(text: String?, html: String?) throws(Letter.Unsent) {
        switch (text, html) {
        case (let text?, let html?): self = .both(text: text, html: html)
        case (let text?, nil): self = .text(text)
        case (nil, let html?): self = .html(html)
        case (nil, nil): throw Letter.Unsent(.refused("body and html are both empty; a message needs one of them"))
        }
    }
}
