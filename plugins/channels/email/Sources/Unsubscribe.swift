/// Where a reader asks for no more mail: the target of List-Unsubscribe (RFC 2369).
package struct UnsubscribeLink: Sendable, Equatable {
    package let text: String

    /// With its header's name and brackets it must fit the 998 bytes of a line.
    static let longest = 900

    /// - Parameter text: an `https:` or `mailto:` link; nil for anything else.
    package init?(_ text: String) {
        let text = String(text.trimmed)
        let lower = text.lowercased()
        guard ["https://", "mailto:"].contains(where: { lower.hasPrefix($0) && lower.count > $0.count }),
            text.utf8.count <= Self.longest,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"<>\"\\".utf8.contains($0) })
        else { return nil }
        self.text = text
    }

    var isWeb: Bool { text.lowercased().hasPrefix("https://") }
}

/// Where a reader asks for no more mail, and whether one click is enough.
package struct Unsubscribe: Sendable, Equatable {
    /// At least one.
    package var targets: [UnsubscribeLink]
    /// RFC 8058: the first target takes a POST and asks nothing back.
    package var isOneClick: Bool

    package init(_ targets: [UnsubscribeLink], isOneClick: Bool = false) {
        self.targets = targets
        self.isOneClick = isOneClick
    }
}
