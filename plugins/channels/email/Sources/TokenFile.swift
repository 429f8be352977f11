import Glibc

/// A token that somebody else renews. It is read for each connection that is opened, and so is never an old one.
package struct TokenFile: Sendable, Equatable {
    package let path: String

    /// Tokens have some hundred bytes, with claims in them some thousand.
    static let longest = 16 * 1024

    package init(_ path: String) { self.path = path }

    package struct Fault: Error {
        package let text: String
    }

    /// Without white space around it.
    package func read() throws(Fault) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw Fault(text: "\(path) cannot be read: \(Maildir.reason(errno))") }
        defer { close(file) }
        if let fault = Self.fault(file) { throw Fault(text: "\(path) \(fault)") }
        var bytes = [UInt8](repeating: 0, count: Self.longest + 1)
        let count = Glibc.read(file, &bytes, bytes.count)
        guard count >= 0 else { throw Fault(text: "\(path) cannot be read: \(Maildir.reason(errno))") }
        guard count <= Self.longest else { throw Fault(text: "\(path) is no token: it is too long") }
        let token = String(decoding: bytes.prefix(count), as: UTF8.self).trimmed
        // RFC 6750, 2.1.
        guard !token.isEmpty, token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Fault(text: "\(path) holds no token: one word of ASCII")
        }
        return String(token)
    }

    /// As of other files with secrets: the daemon's user's or root's, and readable by nobody else.
    private static func fault(_ file: Int32) -> String? {
        var status = stat()
        guard fstat(file, &status) == 0 else { return "cannot be looked at: \(Maildir.reason(errno))" }
        guard status.st_mode & S_IFMT == S_IFREG else { return "is no file" }
        guard status.st_uid == geteuid() || status.st_uid == 0 else { return "belongs to somebody else" }
        let others: mode_t = status.st_uid == 0 ? 0o037 : 0o077
        return status.st_mode & others == 0
            ? nil : "may be read or changed by others: chmod 600 \(status.st_uid == 0 ? "(or 640) " : "")it"
    }
}
