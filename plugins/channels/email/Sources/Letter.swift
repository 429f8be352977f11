/// What is written to whom: one e-mail before it is bytes.
///
/// Its types keep it well-formed: whatever the texts hold, no header can be added and no line is
/// too long.
package struct Letter: Sendable {
    package var name: StableName
    package var from: Mailbox
    /// At least one.
    package var to: [Mailbox]
    package var replyTo: Mailbox?
    /// Who gets it, too, and stands in no header.
    package var copies: [Mailbox] = []
    /// Where bounces go; nil: to `from`.
    package var bouncesTo: String?
    package var subject: String
    package var content: Content
    package var unsubscribe: Unsubscribe?
    /// The campaign's own.
    package var headers: [OwnHeader] = []
    /// The right side of the Message-ID. It stays the same for every try.
    package var origin: String

    package enum Content: Sendable {
        case text(String)
        case html(String)
        /// The same, twice: the reader's program shows what it can.
        case both(text: String, html: String)
    }

    package init(
        name: StableName,
        from: Mailbox,
        to: [Mailbox],
        replyTo: Mailbox? = nil,
        subject: String,
        content: Content,
        unsubscribe: Unsubscribe? = nil,
        origin: String
    ) {
        self.name = name
        self.from = from
        self.to = to
        self.replyTo = replyTo
        self.subject = subject
        self.content = content
        self.unsubscribe = unsubscribe
        self.origin = origin
    }

    /// Whether only SMTPUTF8 takes it (RFC 6531): an address in it has letters beyond ASCII before its `@`.
    package var needsUTF8: Bool {
        from.needsUTF8 || replyTo?.needsUTF8 == true || (to + copies).contains(where: \.needsUTF8)
    }

    /// The message of RFC 5322 and MIME: ASCII but for such addresses (RFC 6532), CRLF, no line over 998 bytes.
    /// The same letter and instant give the same bytes.
    /// - Parameter dateMs: milliseconds since 1970-01-01T00:00:00Z; the Date header.
    package func bytes(dateMs: Int64) -> [UInt8] {
        var header = Header()
        header.bytes.reserveCapacity(1024 + content.length + content.length / 8)
        header.add("Date", MailDate.text(dateMs))
        header.add("From", mailboxes: [from])
        header.add("To", mailboxes: to)
        if let replyTo { header.add("Reply-To", mailboxes: [replyTo]) }
        header.add("Subject", text: subject)
        header.add("Message-ID", "<\(name.text)@\(origin)>")
        if let unsubscribe {
            header.add("List-Unsubscribe", unsubscribe.targets.map { "<\($0.text)>" }.joined(separator: ",\r\n "))
            // RFC 8058, 3.1.
            if unsubscribe.isOneClick { header.add("List-Unsubscribe-Post", "List-Unsubscribe=One-Click") }
        }
        for own in headers { header.add(own.name, own: own.text) }
        header.add("MIME-Version", "1.0")
        addContent(to: &header)
        return header.bytes
    }

    private func addContent(to letter: inout Header) {
        switch content {
        case .text(let text): Self.addPart("plain", text, to: &letter)
        case .html(let html): Self.addPart("html", html, to: &letter)
        case .both(let text, let html):
            // Neither encoding ever yields "=_".
            let boundary = "=_\(name.digest)"
            letter.add("Content-Type", "multipart/alternative;\r\n boundary=\"\(boundary)\"")
            // RFC 2046, 5.1.4: the plainest first.
            letter.bytes += "\r\n--\(boundary)\r\n".utf8
            Self.addPart("plain", text, to: &letter)
            letter.bytes += "\r\n--\(boundary)\r\n".utf8
            Self.addPart("html", html, to: &letter)
            letter.bytes += "\r\n--\(boundary)--\r\n".utf8
        }
    }

    private static func addPart(_ subtype: String, _ text: String, to letter: inout Header) {
        let encoding = TransferEncoding(for: text)
        letter.add("Content-Type", "text/\(subtype); charset=utf-8")
        letter.add("Content-Transfer-Encoding", encoding.rawValue)
        letter.bytes += "\r\n".utf8
        encoding.encode(text, to: &letter.bytes)
    }
}

extension Letter.Content {
    /// In bytes, before it is encoded.
    fileprivate var length: Int {
        switch self {
        case .text(let text), .html(let text): text.utf8.count
        case .both(let text, let html): text.utf8.count + html.utf8.count
        }
    }
}
