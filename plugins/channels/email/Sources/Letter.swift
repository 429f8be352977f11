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
    package var subject: String
    package var content: Content
    package var unsubscribe: Unsubscribe?
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
    package var needsUTF8: Bool { from.needsUTF8 || replyTo?.needsUTF8 == true || to.contains(where: \.needsUTF8) }

    /// The message of RFC 5322 and MIME: ASCII but for such addresses (RFC 6532), CRLF, no line over 998 bytes.
    /// The same letter and instant give the same bytes.
    /// - Parameter dateMs: milliseconds since 1970-01-01T00:00:00Z; the Date header.
    package func bytes(dateMs: Int64) -> [UInt8] {
        var header = Header()
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
        header.add("MIME-Version", "1.0")
        return header.bytes + body()
    }

    private func body() -> [UInt8] {
        switch content {
        case .text(let text): return part("plain", text)
        case .html(let html): return part("html", html)
        case .both(let text, let html):
            // Neither encoding ever yields "=_".
            let boundary = "=_\(name.digest)"
            var header = Header()
            header.add("Content-Type", "multipart/alternative;\r\n boundary=\"\(boundary)\"")
            // RFC 2046, 5.1.4: the plainest first.
            return header.bytes + Array("\r\n".utf8)
                + Array("--\(boundary)\r\n".utf8) + part("plain", text)
                + Array("\r\n--\(boundary)\r\n".utf8) + part("html", html)
                + Array("\r\n--\(boundary)--\r\n".utf8)
        }
    }

    private func part(_ subtype: String, _ text: String) -> [UInt8] {
        let encoding = TransferEncoding(for: text)
        var header = Header()
        header.add("Content-Type", "text/\(subtype); charset=utf-8")
        header.add("Content-Transfer-Encoding", encoding.rawValue)
        return header.bytes + Array("\r\n".utf8) + encoding.encode(text)
    }
}
