/// What may be told of a service's answer.
enum Reason {
    private static let longest = 64

    /// A service's code for a fault, or nil where it looks like none: an answer may repeat what it was sent, and so a
    /// secret.
    static func code(_ text: String?) -> String? {
        guard let text, !text.isEmpty, text.utf8.count <= longest else { return nil }
        let isCode = text.unicodeScalars.allSatisfy { $0.isASCII && ($0.properties.isAlphabetic || $0 == "_") }
        return isCode ? text : nil
    }
}
