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
        Field(name: "bcc", type: .strings, flags: [.template], summary: "addresses that get it too, unseen"),
        Field(name: "headers", type: .any, flags: [.template], summary: "a mapping of names to texts"),
    ]

    /// A message that is due, as a letter.
    /// - Throws: the outcome that ends it unsent.
    package init(_ message: Message, _ settings: EmailSettings) throws(Unsent) {
        let unsubscribe = try Self.unsubscribe(message.nonEmpty("list_unsubscribe"), message, settings)
        func text(_ name: String) throws(Unsent) -> String? {
            try message.nonEmpty(name).map { text throws(Unsent) in
                try UnsubscribePlace.filled(text, unsubscribe, isHTML: name == "html")
            }
        }
        func mailbox(_ name: String) throws(Unsent) -> Mailbox? {
            guard let text = message.nonEmpty(name) else { return nil }
            do throws(AddressFault) {
                return try Mailbox(parsing: text)
            } catch {
                throw Unsent(.refused("\(name) \(error)"))
            }
        }

        guard let subject = try text("subject") else { throw Unsent(.refused("the subject is empty")) }
        self.init(
            name: StableName(key: message.key),
            from: try mailbox("from") ?? settings.from,
            to: try Self.recipients(message.addresses),
            replyTo: try mailbox("reply_to") ?? settings.replyTo,
            subject: subject,
            content: try Content(text: try text("body"), html: try text("html")),
            unsubscribe: unsubscribe,
            origin: settings.from.domain
        )
        bouncesTo = settings.bouncesTo?.address(of: name)
        copies = try Self.copies(message["bcc"])
        headers = try Self.headers(message["headers"], unsubscribe)
    }

    /// So many get a copy unseen.
    private static let mostCopies = 16

    private static func copies(_ value: Value?) throws(Unsent) -> [Mailbox] {
        var copies: [Mailbox] = []
        for text in value?.strings ?? [] where !text.trimmed.isEmpty {
            do throws(AddressFault) {
                copies.append(try Mailbox(parsing: text))
            } catch {
                throw Unsent(.refused("bcc \(error)"))
            }
        }
        guard copies.count <= mostCopies else { throw Unsent(.refused("bcc: there are more than \(mostCopies)")) }
        return copies
    }

    private static func headers(_ value: Value?, _ unsubscribe: Unsubscribe?) throws(Unsent) -> [OwnHeader] {
        do throws(PluginError) {
            return try OwnHeader.all(value).map { header throws(PluginError) in
                do throws(Unsent) {
                    return OwnHeader(
                        name: header.name,
                        text: try UnsubscribePlace.filled(header.text, unsubscribe, isHTML: false)
                    )
                } catch {
                    throw PluginError(UnsubscribePlace.nothing)
                }
            }
        } catch {
            throw Unsent(.refused("\(error)"))
        }
    }

    private static func unsubscribe(
        _ own: String?,
        _ message: Message,
        _ settings: EmailSettings
    ) throws(Unsent) -> Unsubscribe? {
        if let own {
            guard let link = UnsubscribeLink(own) else { throw Unsent(.refused("list_unsubscribe \(notALink)")) }
            // RFC 8058: it takes a POST, and asks nothing back.
            return Unsubscribe([link], isOneClick: link.isWeb)
        }
        let fixed = settings.unsubscribe.map { [$0] } ?? []
        guard let oneClick = settings.oneClick else { return fixed.isEmpty ? nil : Unsubscribe(fixed) }
        guard let link = oneClick.link(user: message.user, campaign: message.campaign, key: message.key) else {
            throw Unsent(.refused("the user's name and the message's key are too long for a link to unsubscribe"))
        }
        return Unsubscribe([link] + fixed, isOneClick: true)
    }

    private static let notALink = "is not an https: or mailto: link"

    /// What is wrong with a campaign's fields, whose templates stand in them as they are written; what a template may
    /// make of a field is seen when it is sent.
    static func check(_ fields: Value) throws(PluginError) {
        func text(_ name: String) -> String? { fields[name]?.string.flatMap { $0.trimmed.isEmpty ? nil : $0 } }
        func known(_ name: String) -> String? { text(name).flatMap { isTemplate($0) ? nil : $0 } }

        guard text("subject") != nil else { throw PluginError("subject: it is empty") }
        guard text("body") != nil || text("html") != nil else { throw PluginError("body: \(nothingToSay)") }
        for name in ["from", "reply_to"] {
            guard let text = known(name) else { continue }  // Left out, or only known when it is sent.
            do throws(AddressFault) {
                _ = try Mailbox(parsing: text)
            } catch {
                throw PluginError("\(name): \(error)")
            }
        }
        if let link = known("list_unsubscribe"), UnsubscribeLink(link) == nil {
            throw PluginError("list_unsubscribe: \(notALink)")
        }
        let copies = fields["bcc"]?.strings ?? []
        guard copies.count <= mostCopies else { throw PluginError("bcc: there are more than \(mostCopies)") }
        for address in copies where !isTemplate(address) && !address.trimmed.isEmpty {
            do throws(AddressFault) {
                _ = try Mailbox(parsing: address)
            } catch {
                throw PluginError("bcc: \(error)")
            }
        }
        _ = try OwnHeader.all(withoutTemplates(fields["headers"]))
    }

    /// How long a template's text becomes is seen when it is sent.
    private static func withoutTemplates(_ headers: Value?) -> Value? {
        guard case .object(let members)? = headers else { return headers }
        return .object(
            members.map { member in
                member.value.string.map(isTemplate) == true ? Value.Member(member.name, .string("x")) : member
            }
        )
    }

    private static func isTemplate(_ text: String) -> Bool { text.contains("{{") || text.contains("{%") }

    fileprivate static let nothingToSay = "body and html are both empty; a message needs one of them"

    /// The user's addresses that can be written to; one that cannot hinders no other.
    private static func recipients(_ addresses: [String]) throws(Unsent) -> [Mailbox] {
        var mailboxes: [Mailbox] = []
        var unsent = Unsent(.refused("the message has no address"))
        for address in addresses {
            do throws(AddressFault) {
                mailboxes.append(try Mailbox(address: address))
            } catch {
                // Known without asking a server: no such row says anything of one.
                unsent = Unsent(.refused("the address \(error)"), deadAddresses: [address])
            }
        }
        guard !mailboxes.isEmpty else { throw unsent }
        return mailboxes
    }

    /// Why a message never left.
    package struct Unsent: Error {
        package let outcome: Outcome
        package let deadAddresses: [String]

        init(_ outcome: Outcome, deadAddresses: [String] = []) {
            self.outcome = outcome
            self.deadAddresses = deadAddresses
        }
    }
}

extension Message {
    fileprivate func nonEmpty(_ field: String) -> String? { text(field).flatMap { $0.trimmed.isEmpty ? nil : $0 } }
}

extension Letter.Content {
    fileprivate init(text: String?, html: String?) throws(Letter.Unsent) {
        switch (text, html) {
        case (let text?, let html?): self = .both(text: text, html: html)
        case (let text?, nil): self = .text(text)
        case (nil, let html?): self = .html(html)
        case (nil, nil): throw Letter.Unsent(.refused(Letter.nothingToSay))
        }
    }
}
