/// A regular expression that is found anywhere in a text, whatever the case of its letters (2.2, 13). What searches is
/// a library's, which the engine knows as a value: it does no I/O, gives the same answer for the same bytes on every
/// thread, and takes for each of them no more than `steps`.
package struct Pattern: Hashable, Sendable {
    package let text: Text
    /// What one byte of a text costs at most, in steps (`FilterWork`).
    package let steps: Int
    private let search: Search

    private enum Search: Sendable {
        case by(@Sendable (UnsafeBufferPointer<UInt8>) -> Bool)
        case impossible(PatternFault)
    }

    /// Instructions that are looked at in the time of one step.
    private static let instructionsOfStep = 8

    /// `instructions` are as many as one byte of a text can make `finds` look at.
    package init(_ text: Text, instructions: Int, finds: @escaping @Sendable (UnsafeBufferPointer<UInt8>) -> Bool) {
        self.text = text
        steps = max(1, (instructions + Self.instructionsOfStep - 1) / Self.instructionsOfStep)
        search = .by(finds)
    }

    /// One that was taken once and is no expression any more: of no text it is known whether it is found there.
    package init(_ text: Text, unreadable fault: PatternFault) {
        self.text = text
        steps = 1
        search = .impossible(fault)
    }

    /// Why it can be found nowhere.
    package var fault: PatternFault? {
        if case .impossible(let fault) = search { fault } else { nil }
    }

    package static func == (left: Self, right: Self) -> Bool { left.text == right.text }
    package func hash(into hasher: inout Hasher) { hasher.combine(text) }

    /// Whether some part of the text is one that the expression describes; nil where `work` does not suffice to tell.
    /// What a search may cost is taken before it, whatever it then does: the same text costs the same everywhere.
    package func isFound(in text: Text, within work: inout FilterWork) -> Bool? {
        guard case .by(let finds) = search else {
            work.giveUp()
            return nil
        }
        guard work.take(1 + text.utf8.count * steps) else { return nil }
        return text.withBytes(finds)
    }
}

/// Makes a pattern of a text, or says why the text is no regular expression.
package typealias ReadPattern = @Sendable (Text) throws(PatternFault) -> Pattern

/// Why a text is no regular expression, or none that can be searched for in bounded time.
package struct PatternFault: Error, Hashable, Sendable {
    package let text: String

    package init(text: String) {
        self.text = text
    }
}
