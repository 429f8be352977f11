import CCurl
import PluginKit

/// A mail server, and how far it is trusted.
package struct SMTPServer: Sendable, Equatable {
    /// `smtp://host:port` or `smtps://host:port`.
    package var url: String
    package var login: Login?
    /// PEM certificates to trust instead of the system's.
    package var caFile: String?

    package struct Login: Sendable, Equatable {
        package var username: String
        package var password: String

        package init(username: String, password: String) {
            self.username = username
            self.password = password
        }
    }

    package init(url: String, login: Login? = nil, caFile: String? = nil) {
        self.url = url
        self.login = login
        self.caFile = caFile
    }

    /// A password goes over a verified connection alone, and whoever names the certificates wants
    /// them looked at. Else TLS only keeps listeners out, and so takes any certificate: a server
    /// on localhost mostly has one that nobody signed, and whoever could forge one could as well
    /// have struck STARTTLS from the greeting.
    var demandsTLS: Bool { login != nil || caFile != nil || url.hasPrefix("smtps:") }
}

/// One connection to a mail server, opened at the first letter and kept for the next.
///
/// libcurl's multi interface waits for the reply to the content inside `curl_multi_perform`, with
/// every other transfer standing still; so each connection has a thread of its own while it works.
package final class SMTPConnection: Carrier, @unchecked Sendable {
    // `carry` is called once at a time; `ccurl_abort` may be called from any thread.
    private let connection: OpaquePointer

    /// - Returns: nil where there is no memory for it.
    package init?(_ server: SMTPServer) {
        let opened = ccurl_open(
            server.url,
            server.login?.username,
            server.login?.password,
            server.caFile,
            server.demandsTLS,
            server.demandsTLS
        )
        guard let opened else { return nil }
        connection = opened
    }

    deinit { ccurl_close(connection) }

    package func carry(_ letter: Letter, dateMs: Int64, withinMs: Int64) -> Outcome {
        for recipient in letter.to where !ccurl_recipient(connection, recipient.address) {
            return .tryAgain(after: 30_000, "out of memory")
        }
        let bytes = letter.bytes(dateMs: dateMs)
        let outcome = ccurl_hand_over(connection, letter.from.address, bytes, bytes.count, Int(max(withinMs, 1)))
        let reply = SMTPReply(
            fault: outcome.fault,
            stage: outcome.stage,
            code: Int(outcome.code),
            recipientLater: outcome.recipient_later,
            text: String(cString: ccurl_reply(connection)),
            error: String(cString: ccurl_error(connection))
        )
        return reply.outcome(recipients: letter.to.map(\.address))
    }

    package func abort() { ccurl_abort(connection) }
}
