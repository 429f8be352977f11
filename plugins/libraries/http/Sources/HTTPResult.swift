import CHTTP

/// What came of a request.
package enum HTTPResult: Sendable {
    /// A final status came, whatever became of the body behind it.
    case answered(HTTPAnswer)
    case failed(HTTPFault)
}

/// A server's answer, as far as a channel looks at it.
package struct HTTPAnswer: Sendable {
    package var status: Int
    /// What `Retry-After` asks for, in seconds or as a date; 0: nothing.
    package var retryAfterMs: Int64 = 0
    package var apnsID = ""
    /// Its beginning, of at most 32 KiB.
    package var body: [UInt8] = []

    /// No wait is longer: a server whose clock is wrong would else stop a channel for years.
    package static let longestWaitMs: Int64 = 86_400_000
}

/// Why no answer came.
package enum HTTPFault: Error, Hashable, Sendable {
    /// No such host, or nobody listens; nothing was sent.
    case unreachable(String)
    /// The host has no address on the internet, and the client keeps to it; nothing was sent.
    case keptOut
    /// No TLS, or a certificate that is not to be trusted; nothing was sent.
    case tls(String)
    /// `sent`: the server may have the request.
    case timeout(String, sent: Bool)
    /// The server answers nothing on the connection any more.
    case silent(String, sent: Bool)
    case broken(String, sent: Bool)
    /// Too much waits already, or the client is stopped; nothing was sent.
    case notTaken
    case stopped(sent: Bool)
    /// It could not be begun here.
    case local(String)

    package var isSent: Bool {
        switch self {
        case .timeout(_, let sent), .silent(_, let sent), .broken(_, let sent), .stopped(let sent): sent
        case .unreachable, .keptOut, .tls, .notTaken, .local: false
        }
    }

    /// Of a request that may be made twice: nobody has to know whether it was taken.
    package var reasonOfRepeatable: String {
        switch self {
        case .timeout: "no answer in time"
        case .silent(let words, _): "no answer comes: \(words)"
        case .broken(let words, _): "the connection broke: \(words)"
        case .unreachable, .keptOut, .tls, .notTaken, .stopped, .local: reason
        }
    }

    /// For an outcome: says nothing of the request.
    package var reason: String {
        switch self {
        case .unreachable(let words): "no connection: \(words)"
        case .keptOut: "its host is an address of this machine, of a private network or of no network at all"
        case .tls(let words): "no trusted TLS connection: \(words)"
        case .timeout(_, sent: true): "no answer in time; it may have been taken"
        case .timeout(let words, sent: false): "not sent in time: \(words)"
        case .silent(_, sent: true): "no answer came, and nothing on its connection is answered; it may have been taken"
        case .silent(let words, sent: false): "no answer comes: \(words)"
        // RFC 9113, 8.7: it was not looked at.
        case .broken(let words, sent: true) where words.hasSuffix("REFUSED_STREAM"): "not taken: \(words)"
        case .broken(let words, sent: true): "the connection broke before an answer, it may have been taken: \(words)"
        case .broken(let words, sent: false): "the connection broke: \(words)"
        case .notTaken: "too many requests wait already"
        case .stopped: "the channel stops"
        case .local(let words): "the request could not be begun: \(words)"
        }
    }
}

extension HTTPResult {
    init(_ answer: chttp_answer) {
        var words: String { answer.error.map { String(cString: $0) } ?? "" }
        switch answer.fault {
        case CHTTP_NONE: self = .answered(HTTPAnswer(answer))
        case CHTTP_UNREACHABLE: self = .failed(.unreachable(words))
        case CHTTP_KEPT_OUT: self = .failed(.keptOut)
        case CHTTP_TLS: self = .failed(.tls(words))
        case CHTTP_TIMEOUT: self = .failed(.timeout(words, sent: answer.sent))
        case CHTTP_SILENT: self = .failed(.silent(words, sent: answer.sent))
        case CHTTP_STOPPED: self = .failed(.stopped(sent: answer.sent))
        case CHTTP_LOCAL: self = .failed(.local(words))
        default: self = .failed(.broken(words, sent: answer.sent))
        }
    }
}

extension HTTPAnswer {
    init(_ answer: chttp_answer) {
        status = Int(answer.status)
        retryAfterMs = min(max(0, answer.retry_after), Self.longestWaitMs / 1_000) * 1_000
        if let id = answer.apns_id { apnsID = String(cString: id) }
        body = Array(UnsafeBufferPointer(start: answer.body, count: answer.body_length))
    }
}
