import CCurl
import PluginKit

/// The bytes of one connection: libcurl opens it, with TLS and the login, and carries what is said.
final class SMTPLink: @unchecked Sendable {
    // One thread at a time, but for `abort`, which may be called from any.
    private let connection: OpaquePointer
    private let needsLogin: Bool
    private let secrets: [String]
    private var buffer = [UInt8](repeating: 0, count: 16 * 1024)

    /// - Returns: nil where there is no memory for it.
    init?(_ server: SMTPServer) {
        needsLogin = server.login != nil
        secrets = server.secrets
        guard let connection = Self.connection(server) else { return nil }
        self.connection = connection
    }

    private static func connection(_ server: SMTPServer) -> OpaquePointer? {
        withCString(server.login?.username) { username in
            withCString(server.login?.password) { password in
                withCString(server.caFile) { caFile in
                    server.url.withCString { url in
                        var described = ccurl_server(
                            url: url,
                            username: username,
                            password: password,
                            ca_file: caFile,
                            demand_tls: server.demandsTLS,
                            verify: server.demandsTLS
                        )
                        return ccurl_new(&described)
                    }
                }
            }
        }
    }

    private static func withCString<Result>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
        text.map { $0.withCString(body) } ?? body(nil)
    }

    deinit { ccurl_free(connection) }

    /// - Throws: what that means for the letter, and for all others.
    func open(withinMs: Int64) throws(Closed) -> SMTPOffers {
        let fault = ccurl_connect(connection, Int(max(withinMs, 1)))
        guard fault == CCURL_NONE else { throw Closed(reason(fault)) }
        let offers = SMTPOffers(greeting: String(cString: ccurl_greeting(connection)))
        guard offers.login || !needsLogin else {
            close()
            throw Closed(.tryAgain(after: 0, "the login failed: the server offers no AUTH", cause: .unavailable))
        }
        return offers
    }

    struct Closed: Error {
        let outcome: Outcome

        init(_ outcome: Outcome) { self.outcome = outcome }
    }

    private func reason(_ fault: ccurl_fault) -> Outcome {
        var bytes = Array(String(cString: ccurl_reply(connection)).utf8)[...]
        var parser = SMTPReplyParser(hiding: secrets)
        // What libcurl took for a reply may be none.
        let reply = (try? parser.next(&bytes)) ?? parser.unfinished()
        let error = String(cString: ccurl_error(connection))
        // What it refused before; where no mechanism is known to both, the last reply is a good one.
        let refusal = reply.flatMap { $0.code >= 400 ? $0 : nil }
        let cause: Outcome.Cause = refusal.map { SMTPWords($0.text).speakOfRate } ?? false ? .throttled : .unavailable
        func closed(_ text: String) -> Outcome { .tryAgain(after: 0, text, cause: cause) }
        func closed(_ text: String, because error: String) -> Outcome {
            closed("\(text): \(refusal.map { "\($0.line) (\(error))" } ?? error)")
        }
        switch fault {
        case CCURL_REPLY: return refusal.map { closed($0.line) } ?? closed("no connection: \(error)")
        case CCURL_TIMEOUT: return closed("no answer in time", because: error)
        case CCURL_TLS: return closed("no trusted TLS connection", because: error)
        case CCURL_LOGIN: return closed("the login failed: \(refusal?.line ?? error)")
        case CCURL_ABORTED: return .tryAgain(after: 0, CarrierPool.stopping)
        case CCURL_LOCAL: return closed("libcurl: \(error)")
        default: return closed("no connection", because: error)
        }
    }

    /// Without a farewell.
    func close() { ccurl_disconnect(connection) }

    /// With a farewell, which a server that does not answer at once goes without.
    func closePolitely() {
        let farewell = Array("QUIT\r\n".utf8)
        if ccurl_send(connection, farewell, farewell.count) == farewell.count,
            wait(writing: false, milliseconds: Self.farewellMs) == .ready
        {
            _ = read()
        }
        close()
    }

    private static let farewellMs: Int64 = 500

    enum Transfer: Equatable {
        case moved(Int)
        /// Not now.
        case again
        case broken

        fileprivate init(_ count: Int) {
            switch count {
            case CCURL_AGAIN: self = .again
            case CCURL_BROKEN: self = .broken
            default: self = .moved(count)
            }
        }
    }

    func write(_ bytes: [UInt8]) -> Transfer { Transfer(ccurl_send(connection, bytes, bytes.count)) }

    enum Read {
        case bytes(ArraySlice<UInt8>)
        case nothing
        case ended
    }

    func read() -> Read {
        switch Transfer(ccurl_receive(connection, &buffer, buffer.count)) {
        case .moved(let count): .bytes(buffer[..<count])
        case .again: .nothing
        case .broken: .ended
        }
    }

    enum Readiness {
        case ready
        case notInTime
        case stopped
    }

    /// Until it can be read, or written where `writing`.
    func wait(writing: Bool, milliseconds: Int64) -> Readiness {
        let ready = ccurl_wait(connection, writing, Int32(clamping: milliseconds))
        if ready & Int32(CCURL_STOPPED) != 0 { return .stopped }
        return ready == 0 ? .notInTime : .ready
    }

    func abort() { ccurl_abort(connection) }
}
