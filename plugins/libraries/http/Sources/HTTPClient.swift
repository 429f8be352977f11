import CHTTP
import PluginKit

/// Requests over few connections: HTTP/2 where the server knows it, many at once on one connection.
///
/// A request is sent at most once: where its connection breaks, the caller hears of it and decides.
package final class HTTPClient: @unchecked Sendable {
    // Connections are touched by the client's own thread; the C functions may be called from any thread.
    private let client: OpaquePointer
    private let agent: String

    /// What a client is made for.
    package struct Options: Sendable {
        /// PEM certificates to trust instead of the system's.
        package var caFile: String?
        /// HTTP/2 first, on `http://` too, on one connection for an origin; a server that shows that it knows HTTP/1.1
        /// alone is spoken to in that.
        package var isHTTP2 = true
        /// For a host, in HTTP/1.1.
        package var plainConnections = 8
        /// Under way on one connection, where the server does not want fewer.
        package var mostActive = 500
        /// Beyond them a request fails at once.
        package var mostWaiting = 4_000
        /// Whether it connects to the internet alone: to no address of this machine, of a private or link-local network,
        /// or of a metadata server, whatever the URL's host is called.
        package var isInternetOnly = false

        package init() {}
    }

    /// Longer bodies are cut: all that is looked at is a reason or a token.
    private static let bodyLimit: UInt32 = 32_768
    private static let idleSeconds: UInt32 = 240

    /// - Throws: where there is no memory and no thread for it.
    package init(_ options: Options, agent: String = "triggerd") throws(PluginError) {
        self.agent = "user-agent: \(agent)"
        let open = { (caFile: UnsafePointer<CChar>?) -> OpaquePointer? in
            var given = chttp_options(
                ca_file: caFile,
                protocol: options.isHTTP2 ? CHTTP_2_FIRST : CHTTP_1_1,
                plain_connections: UInt32(options.plainConnections),
                most_active: UInt32(options.mostActive),
                most_waiting: UInt32(options.mostWaiting),
                idle_seconds: Self.idleSeconds,
                body_limit: Self.bodyLimit,
                internet_only: options.isInternetOnly
            )
            return chttp_open(&given)
        }
        guard let client = options.caFile.map({ $0.withCString(open) }) ?? open(nil) else {
            throw PluginError("HTTP could not be set up: no memory, or no thread")
        }
        self.client = client
    }

    deinit { chttp_close(client) }

    /// Returns at once; `done` is called exactly once, from the client's thread, and must not wait. Where the request
    /// is not taken it is called before this returns.
    package func send(_ request: HTTPRequest, _ done: @escaping @Sendable (HTTPResult) -> Void) {
        var headers: [UInt8] = []
        headers.reserveCapacity(1_024)
        for header in request.headers {
            headers += header.utf8
            headers.append(0)
        }
        // Not libcurl's own: it would announce a form, and wait for a server's leave to send the body.
        let namesAgent = request.headers.contains { $0.hasPrefix("user-agent:") }
        let own = namesAgent ? ["expect:"] : [agent, "expect:"]
        for header in own {
            headers += header.utf8
            headers.append(0)
        }
        let context = Unmanaged.passRetained(Completion(done))
        var url = request.url
        let taken = url.withUTF8 { url in
            url.withMemoryRebound(to: CChar.self) { url in
                headers.withUnsafeBytes { headers in
                    request.body.withBytes { body, bodyLength in
                        var given = chttp_request(
                            url: url.baseAddress,
                            url_length: url.count,
                            headers: headers.baseAddress?.assumingMemoryBound(to: CChar.self),
                            headers_length: headers.count,
                            header_count: request.headers.count + own.count,
                            body: body,
                            body_length: bodyLength,
                            timeout_ms: max(1, request.timeoutMs)
                        )
                        return chttp_submit(client, &given, complete, context.toOpaque())
                    }
                }
            }
        }
        if !taken { context.takeRetainedValue().done(.failed(.notTaken)) }
    }

    /// Fails everything that is under way as `stopped`, and everything that comes later as `notTaken`. Returns when
    /// that is done.
    package func stop() { chttp_stop(client) }
}

/// C carries one pointer.
private final class Completion: Sendable {
    let done: @Sendable (HTTPResult) -> Void

    init(_ done: @escaping @Sendable (HTTPResult) -> Void) { self.done = done }
}

private func complete(_ context: UnsafeMutableRawPointer?, _ answer: UnsafePointer<chttp_answer>?) {
    guard let context, let answer else { preconditionFailure("a request ended without its context, or its answer") }
    Unmanaged<Completion>.fromOpaque(context).takeRetainedValue().done(HTTPResult(answer.pointee))
}
