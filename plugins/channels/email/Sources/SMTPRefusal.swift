import PluginKit

/// Whom a refusal concerns: an address, a letter, or everything behind the channel.
///
/// The enhanced status (RFC 3463, RFC 5248) decides where there is one that says something. Else the words do, since
/// servers use 550 for whatever they dislike: an address is lost only where they speak of a mailbox.
package enum SMTPConcern: Equatable, Sendable {
    /// Nobody has the address.
    case address
    /// This letter alone.
    case message
    /// The server wants fewer.
    case pace
    /// Nothing of this channel gets through before somebody mends it.
    case channel
}

/// What was refused.
package enum SMTPStage: Sendable {
    case sender
    case recipient
    /// DATA, or what follows it.
    case content
}

extension SMTPReply {
    /// What becomes of a letter that is refused so, but for the address that nobody has.
    package func outcome(at stage: SMTPStage) -> Outcome {
        switch concern(at: stage) {
        case .pace: .tryAgain(after: 0, line, cause: .throttled)
        case .channel: .tryAgain(after: 0, line, cause: .unavailable)
        case .message, .address: code / 100 == 4 ? .tryAgain(after: 0, line) : .refused(line)
        }
    }

    package func concern(at stage: SMTPStage) -> SMTPConcern {
        if code / 100 == 4 { return concernOfDelay(at: stage) }
        // RFC 4954, 6, and 530 of RFC 3207: log in first, another mechanism, encrypt first. RFC 7504: 521 takes no mail.
        if [521, 530, 534, 535, 538].contains(code) { return .channel }
        let words = SMTPWords(text)
        if stage == .sender { return concernOfSender(words) }
        switch detail.flatMap({ concern(ofStatus: $0, words, at: stage) }) ?? concern(of: words, at: stage) {
        // Of several recipients the content's answer names none, and its words may speak of anybody.
        case .address where stage == .content && detail == nil: return .message
        case let concern: return concern
        }
    }

    /// RFC 3463, 3 and RFC 5248; nil: the words have to say it.
    private func concern(ofStatus status: String, _ words: SMTPWords, at stage: SMTPStage) -> SMTPConcern? {
        let parts = status.split(separator: ".").dropFirst().compactMap { Int($0) }
        guard parts.count == 2 else { return nil }
        switch (parts[0], parts[1]) {
        // Bad mailbox, bad system, bad syntax, moved away; RFC 7505: takes no mail.
        case (1, 1), (1, 2), (1, 3), (1, 6), (1, 10): return .address
        // The sender's mailbox, the sender's system.
        case (1, 7), (1, 8): return .channel
        // Disabled; where it is said of somebody who gets too much mail, later is not too late.
        case (2, 1): return words.speakOfRate ? .message : .address
        // The system is full, takes nothing, is not set up; it is congested, or its user has sent enough for today.
        case (3, 1), (3, 2), (3, 5), (4, 5): return .channel
        // No list to write to; another owner than the one that was meant.
        case (7, 2), (7, 17), (7, 18): return .message
        case (7, _):
            if words.speakOfRate || parts[1] == 28 { return .pace }
            return stage == .content && words.speakOfContentAlone ? .message : .channel
        // Full, too long, a list; a loop; a letter that cannot be passed on.
        case (1, 1...), (2, 1...), (3, 1...), (4, 1...), (6, _): return .message
        // X.0 says nothing, and X.5 is said of whatever the server did not understand.
        default: return nil
        }
    }

    private func concern(of words: SMTPWords, at stage: SMTPStage) -> SMTPConcern {
        // RFC 5321, 4.2.2: 552 is of the mailbox's storage. RFC 7504: 556, the domain takes no mail.
        if code == 552 || words.speakOfSize || words.speakOfFullMailbox { return .message }
        if code == 556 { return .address }
        if words.speakOfRate { return .pace }
        if stage == .content, words.speakOfContentAlone { return .message }
        // An address that is lost costs more than a pause: where both are spoken of, it is kept.
        if words.speakOfChannel || stage != .content && words.speakOfContent { return .channel }
        return words.speakOfMissingMailbox ? .address : .message
    }

    /// MAIL: all that is said yet is who writes, and how much.
    private func concernOfSender(_ words: SMTPWords) -> SMTPConcern {
        let status = detail ?? ""
        if code == 552 || ["5.2.3", "5.3.4"].contains(status) || status.hasPrefix("5.6.") || words.speakOfSize {
            return .message
        }
        return words.speakOfRate ? .pace : .channel
    }

    /// A 4xx: the letter is tried again, and the question is what waits with it.
    private func concernOfDelay(at stage: SMTPStage) -> SMTPConcern {
        let words = SMTPWords(text)
        let status = detail ?? ""
        // RFC 3463, 3.3: X.2 is of one mailbox.
        if words.speakOfGreylisting || status.hasPrefix("4.2.") || words.speakOfFullMailbox { return .message }
        if words.speakOfRate || words.speakOfQuota { return .pace }
        if ["4.1.7", "4.1.8", "4.3.5", "4.7.12"].contains(status) || words.speakOfAccess { return .channel }
        if stage == .sender, words.speakOfSender { return .channel }
        guard [421, 432, 450, 451, 452, 454].contains(code) else { return .message }
        return status == "4.3.2" || status.hasPrefix("4.7.") ? .pace : .message
    }
}
