import CCurl
import Encodings
import PluginKit

/// The bytes of one connection: libcurl opens it, with TLS, and carries what is said.
final class SMTPLink: @unchecked Sendable {
    // One thread at a time, but for `abort`, which may be called from any.
    private let connection: OpaquePointer
    private let server: SMTPServer
    /// What no reply is to give back.
    private(set) var secrets: [String]
    private var buffer = [UInt8](repeating: 0, count: 16 * 1024)

    /// - Returns: nil where there is no memory for it.
    init?(_ server: SMTPServer) {
        self.server = server
        secrets = server.secrets(token: nil)
        guard let connection = Self.connection(server) else { return nil }
        self.connection = connection
    }

    private static func connection(_ server: SMTPServer) -> OpaquePointer? {
        let helo = server.helo.map { percentEncoded($0) }
        return withCStrings([server.caFile, helo]) { texts in
            server.url.withCString { url in
                var described = ccurl_server(
                    url: url,
                    helo: texts[1],
                    ca_file: texts[0],
                    demand_tls: server.demandsTLS,
                    verify: server.demandsTLS
                )
                return ccurl_new(&described)
            }
        }
    }

    private static func withCStrings<Result>(
        _ texts: [String?],
        _ body: ([UnsafePointer<CChar>?]) -> Result
    ) -> Result {
        let bytes = texts.map { $0.map { Array($0.utf8CString) } }
        func opened(_ index: Int, _ pointers: [UnsafePointer<CChar>?]) -> Result {
            guard index < bytes.count else { return body(pointers) }
            guard let text = bytes[index] else { return opened(index + 1, pointers + [nil]) }
            return text.withUnsafeBufferPointer { opened(index + 1, pointers + [$0.baseAddress]) }
        }
        return opened(0, [])
    }

    deinit { ccurl_free(connection) }

    /// - Throws: what that means for the letter, and for all others.
    func open(withinMs: Int64) throws(Closed) -> SMTPOffers {
        let lastMs = Clock.monotonicMs() + min(max(withinMs, 1), Self.longestOpeningMs)
        let token = try token()
        let fault = ccurl_connect(connection, Int(max(withinMs, 1)))
        guard fault == CCURL_NONE else { throw Closed(reason(fault)) }
        let offers = SMTPOffers(greeting: String(cString: ccurl_greeting(connection)))
        if let login = server.login {
            do throws(Closed) {
                try logIn(login, token: token, offers, lastMs)
            } catch {
                close()
                throw error
            }
        }
        return offers
    }

    /// With the login.
    private static let longestOpeningMs: Int64 = 15_000

    private func logIn(
        _ given: SMTPServer.Login,
        token: String?,
        _ offers: SMTPOffers,
        _ lastMs: Int64
    ) throws(Closed) {
        func failed(_ reason: String, _ cause: Outcome.Cause = .unavailable) -> Closed {
            Closed(.tryAgain(after: 0, "the login failed: \(reason)", cause: cause))
        }
        var login: SMTPLogin
        do throws(SMTPLogin.Unknown) {
            login = try SMTPLogin(given, token: token, offers)
        } catch {
            throw failed(error.reason)
        }
        var line = login.command
        var parser = SMTPReplyParser(hiding: secrets)
        while true {
            let (reply, end) = ask(line, &parser, lastMs)
            guard let reply, end == nil || reply.code >= 400 else {
                if end == .stopped { throw Closed(.tryAgain(after: 0, CarrierPool.stopping)) }
                throw failed(login.broke(end == .notInTime ? "no answer in time" : "the server hung up"))
            }
            switch login.answered(reply) {
            case .say(let next): line = next
            case .done: return
            case .failed(let reason):
                throw failed(reason, SMTPWords(reply.text).speakOfRate ? .throttled : .unavailable)
            }
        }
    }

    /// Says a line and waits for the reply; what there is of it, where the connection ends.
    private func ask(
        _ line: String,
        _ parser: inout SMTPReplyParser,
        _ lastMs: Int64
    ) -> (reply: SMTPReply?, end: Readiness?) {
        var left = Array("\(line)\r\n".utf8)
        while true {
            if !left.isEmpty, case .moved(let count) = write(left) { left.removeFirst(count) }
            switch wait(writing: !left.isEmpty, milliseconds: max(0, lastMs - Clock.monotonicMs())) {
            case .notInTime: return (nil, .notInTime)
            case .stopped: return (nil, .stopped)
            case .ready:
                switch read() {
                case .nothing: continue
                case .ended: return (parser.unfinished(), .ready)
                case .bytes(var bytes):
                    do throws(SMTPReplyParser.Fault) {
                        if let reply = try parser.next(&bytes) { return (reply, nil) }
                    } catch {
                        return (nil, .ready)
                    }
                }
            }
        }
    }

    /// Of now; nil: the login needs none.
    private func token() throws(Closed) -> String? {
        guard let file = server.login?.token else { return nil }
        do throws(TokenFile.Fault) {
            let token = try file.read()
            secrets = server.secrets(token: token)
            return token
        } catch {
            throw Closed(.tryAgain(after: 0, "token_file: \(error.text)", cause: .unavailable))
        }
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
        let error = Self.plain(String(cString: ccurl_error(connection)))
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
        case CCURL_ABORTED: return .tryAgain(after: 0, CarrierPool.stopping)
        case CCURL_LOCAL: return closed("libcurl: \(error)")
        default: return closed("no connection", because: error)
        }
    }

    /// libcurl's words without the numbers of errors, which are of the call that came last and mean nothing here.
    private static func plain(_ error: String) -> String {
        if error.hasPrefix("response reading failed") { return "the server hung up" }
        return error.split(separator: " (errno: ", maxSplits: 1).first.map(String.init) ?? error
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
