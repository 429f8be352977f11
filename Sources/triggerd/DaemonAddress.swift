import ArgumentParser
import TriggerdClient

/// An address as an option or a file has it.
extension DaemonAddress {
    /// `option`: what it was given by. A mere `HOST:PORT` is TCP, as it ever was.
    init(_ text: String, option: String) throws(ValidationError) {
        let isWhole = ["unix:", "tcp://", "tls://"].contains { text.hasPrefix($0) }
        guard let address = DaemonAddress(isWhole ? text : "tcp://" + text) else {
            throw ValidationError(
                "\(option) \(Visible.quoted(text)): write unix:PATH, tcp://HOST:PORT or tls://HOST:PORT"
            )
        }
        if case .unix(let path) = address { try Self.check(path: path, option: option) }
        self = address
    }

    static func check(path: String, option: String) throws(ValidationError) {
        guard !path.isEmpty else { throw ValidationError("\(option) is empty: name the path of a socket") }
        guard path.utf8.count <= CommandLimits.socketPath else {
            throw ValidationError(
                "the socket's path \(Visible.quoted(path)) is too long: a path of a socket has at most \(CommandLimits.socketPath) bytes"
            )
        }
    }
}
