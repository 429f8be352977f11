/// What a server says that it can do, in its answer to EHLO (RFC 5321, 4.1.1.1).
package struct SMTPOffers: Sendable, Equatable {
    /// RFC 2920.
    package var pipelining = false
    /// RFC 6531.
    package var utf8 = false
    /// RFC 6152.
    package var eightBits = false
    /// RFC 1870: nil: not offered; 0: no limit is named.
    package var size: Int?
    /// RFC 4954: in capitals; nil: no login is offered.
    package var logins: [String]?

    package init() {}

    /// - Parameter greeting: the lines of the answer as they came.
    package init(greeting: String) {
        // The first line is the server's name.
        for line in greeting.split(whereSeparator: \.isNewline).dropFirst() {
            let words = line.dropFirst(4).uppercased().split(separator: " ")
            switch words.first {
            case "PIPELINING": pipelining = true
            case "SMTPUTF8": utf8 = true
            case "8BITMIME": eightBits = true
            case "SIZE": size = words.dropFirst().first.flatMap { Int($0) } ?? 0
            // Old servers write AUTH=LOGIN.
            case let word? where word == "AUTH" || word.hasPrefix("AUTH="):
                let names = [word.dropFirst("AUTH=".count)] + words.dropFirst()
                logins = (logins ?? []) + names.filter { !$0.isEmpty }.map(String.init)
            default: break
            }
        }
    }
}
