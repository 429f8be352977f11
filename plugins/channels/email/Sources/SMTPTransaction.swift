import PluginKit

/// One letter's way through a dialogue, and what the server has said of it so far.
package struct SMTPTransaction {
    /// What is said before the content.
    package struct Envelope: Sendable {
        package var id: Int
        package var sender: String
        /// Of MAIL FROM, each with a space before it.
        package var parameters: String
        package var recipients: [Recipient]
        /// Who gets the letter if a recipient does; what becomes of these decides nothing.
        package var copies: [String]

        package init(
            id: Int,
            sender: String,
            parameters: String = "",
            recipients: [Recipient],
            copies: [String] = []
        ) {
            self.copies = copies
            self.id = id
            self.sender = sender
            self.parameters = parameters
            self.recipients = recipients
        }

        package struct Recipient: Sendable, Equatable {
            /// As it goes over the wire.
            package var address: String
            /// As the user's profile has it.
            package var profile: String

            package init(address: String, profile: String) {
                self.address = address
                self.profile = profile
            }
        }
    }

    let envelope: Envelope
    /// nil: not answered yet, or not asked.
    var sender: SMTPReply?
    var recipients: [SMTPReply?]
    /// Refusals of copies, each with its address.
    var refusedCopies: [String] = []
    /// A refusal of DATA, or the answer to the content.
    var last: SMTPReply?
    /// Where the content ends in all that is sent; nil: it is not given yet.
    var end: Int?

    init(_ envelope: Envelope) {
        self.envelope = envelope
        recipients = Array(repeating: nil, count: envelope.recipients.count)
    }

    var id: Int { envelope.id }
    var isSenderRefused: Bool { sender.map { !$0.isPositive } ?? false }
    var isAnyRecipientTaken: Bool { recipients.contains { $0?.isPositive == true } }
    var isEveryRecipientRefused: Bool { recipients.allSatisfy { $0.map { !$0.isPositive } ?? false } }
    /// Whether the content is of use to nobody.
    var isInVain: Bool { isSenderRefused || isEveryRecipientRefused }

    /// What the server has decided; nil where it has not.
    var verdict: SMTPVerdict? {
        if let sender, !sender.isPositive { return SMTPVerdict(sender.outcome(at: .sender)) }
        let nobody = zip(envelope.recipients, recipients).filter { _, reply in
            reply.map { !$0.isPositive && $0.concern(at: .recipient) == .address && $0.code / 100 == 5 } ?? false
        }
        let dead = nobody.map(\.0.profile)
        if isEveryRecipientRefused {
            // The one that may be taken later decides, then the one that nobody has.
            let outcomes = recipients.compactMap { $0?.outcome(at: .recipient) }
            if let later = outcomes.first(where: \.isTriedAgain) { return SMTPVerdict(later, dead: dead) }
            if let (recipient, reply) = nobody.first, let reply {
                return SMTPVerdict(.addressDead(recipient.profile, reply.line), dead: Array(dead.dropFirst()))
            }
            return outcomes.first.map { SMTPVerdict($0) }
        }
        guard let last else { return nil }
        if last.isPositive {
            return SMTPVerdict(.accepted(id: ([last.line] + refusedCopies).joined(separator: "; ")), dead: dead)
        }
        if last.code / 100 == 5, last.concern(at: .content) == .address, envelope.recipients.count == 1 {
            return SMTPVerdict(.addressDead(envelope.recipients[0].profile, last.line))
        }
        return SMTPVerdict(last.outcome(at: .content), dead: dead)
    }

    /// What the server has refused so far.
    var refusal: SMTPReply? { ([sender] + recipients + [last]).compactMap { $0 }.last { !$0.isPositive } }
}

extension Outcome {
    fileprivate var isTriedAgain: Bool {
        if case .tryAgain = self { true } else { false }
    }
}

/// What becomes of a letter that a server has decided about.
package struct SMTPVerdict: Equatable, Sendable {
    package var outcome: Outcome
    /// The profile's addresses, beside the outcome's own, that nobody has.
    package var dead: [String]

    package init(_ outcome: Outcome, dead: [String] = []) {
        self.outcome = outcome
        self.dead = dead
    }
}
