import PluginKit

extension Letter {
    /// The letter as this server can take it: where it offers no SMTPUTF8, without the recipients that need it.
    /// - Throws: the outcome of a letter that it cannot take.
    func fitted(to offers: SMTPOffers) throws(Unsent) -> Letter {
        guard needsUTF8, !offers.utf8 else { return self }
        var letter = self
        letter.to.removeAll { $0.needsUTF8 }
        letter.copies.removeAll { $0.needsUTF8 }
        guard !letter.to.isEmpty, !letter.needsUTF8 else {
            throw Unsent(
                .refused("an address has letters beyond ASCII before its @, and the server offers no SMTPUTF8")
            )
        }
        return letter
    }

    /// - Parameter size: of the content, in bytes.
    /// - Throws: the outcome of a letter that is too large for the server.
    func envelope(id: Int, size: Int, _ offers: SMTPOffers) throws(Unsent) -> SMTPDialogue.Envelope {
        var parameters = ""
        if let most = offers.size {
            guard most == 0 || size <= most else {
                throw Unsent(.refused("the letter has \(size) bytes, and the server takes \(most)"))
            }
            parameters += " SIZE=\(size)"
        }
        if needsUTF8 {
            // RFC 6531, 3.4: its header is no ASCII.
            parameters += offers.eightBits ? " BODY=8BITMIME SMTPUTF8" : " SMTPUTF8"
        }
        return SMTPDialogue.Envelope(
            id: id,
            sender: bouncesTo ?? from.address,
            parameters: parameters,
            recipients: to.map { .init(address: $0.address, profile: $0.profile) },
            copies: copies.map(\.address)
        )
    }
}
