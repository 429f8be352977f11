import RPC

/// Calls of one daemon, over one connection that is made when it is needed and again when it broke.
public final class DaemonClient: Sendable {
    public struct Options: Sendable {
        /// For a door that asks for one.
        public var token: String?
        /// Of a `tls://` address; nil: the system's authorities are believed.
        public var tls: DaemonTLS?
        /// How long a call may take with all its tries.
        public var timeout = Duration.seconds(10)

        public init() {}
    }

    let options: Options
    let connections: Connections

    /// `address`: `unix:PATH`, `tcp://HOST:PORT` or `tls://HOST:PORT`; without it `$TRIGGERD_ADDRESS`, else the daemon's own socket. It does
    /// not connect yet.
    public init(_ address: String? = nil, options: Options = Options()) throws(DaemonError) {
        let text = address ?? DaemonAddress.standard
        guard let address = DaemonAddress(text), address != .unix("") else {
            throw DaemonError(
                .invalidArgument,
                "'\(text)' is no address: write unix:PATH, tcp://HOST:PORT or tls://HOST:PORT",
                wasSent: false
            )
        }
        guard options.token == nil || !address.isOpenToOthers else {
            throw DaemonError(
                .invalidArgument,
                "\(text): everybody on the way could read the token: use tls://",
                wasSent: false
            )
        }
        self.options = options
        connections = Connections(text, try address.place(options.tls), token: options.token)
    }

    /// Calls under way end with `unavailable`.
    public func close() async {
        await connections.close()
    }

    /// Any method of triggerd.v1. `isSafe`: it may be done twice, and so is tried again where it may have been done.
    public func call<Reply: SchemaMessage>(
        _ service: String,
        _ method: String,
        _ request: some SchemaMessage,
        _ reply: Reply.Type = Reply.self,
        timeout: Duration? = nil,
        isSafe: Bool = false
    ) async throws(DaemonError) -> Reply {
        let payload = Payload(bytes: request.bytes)
        let answer = try await repeating(timeout ?? options.timeout, isSafe) { left throws(DaemonError) in
            try await once("triggerd.v1.\(service)", method, payload, left)
        }
        do throws(CodingFault) {
            return try Reply(answer.readableBytesView)
        } catch {
            throw DaemonError(.unknown, "the answer does not decode: \(error.text)", wasSent: true)
        }
    }
}

extension DaemonClient {
    /// Tells of one thing; the answer comes after it is on disk. Safe to lose the connection over.
    public func track(_ item: V1.Item, timeout: Duration? = nil) async throws(DaemonError) -> V1.ItemReply {
        let replies = try await track([item], timeout: timeout)
        return replies[0]
    }

    /// Tells of many, of one or many users, in one request: all are taken or none, but for refused ones.
    public func track(
        _ items: [V1.Item],
        nearMisses: Bool = false,
        timeout: Duration? = nil
    ) async throws(DaemonError) -> [V1.ItemReply] {
        if items.isEmpty { return [] }
        var request = V1.TrackRequest()
        request.items = items.map(\.withID)
        request.nearMisses = nearMisses
        let reply = try await call("Events", "Track", request, V1.TrackReply.self, timeout: timeout, isSafe: true)
        guard reply.items.count == items.count else {
            throw DaemonError(.unknown, "the answer is not of as many items", wasSent: true)
        }
        return reply.items
    }

    /// The in-app message that is to be shown now, for 30 s; the same device is given the same one again.
    public func lease(
        _ user: String,
        device: String = "",
        timeout: Duration? = nil
    ) async throws(DaemonError) -> V1.Lease? {
        var request = V1.LeaseRequest()
        (request.user, request.device) = (user, device)
        return try await call("Inbox", "Lease", request, V1.LeaseReply.self, timeout: timeout, isSafe: true).message
    }

    /// It was shown (`viewed`), `clicked` or `dismissed`.
    public func acknowledge(
        _ user: String,
        _ token: UInt64,
        action: String = "",
        timeout: Duration? = nil
    ) async throws(DaemonError) {
        var request = V1.AcknowledgeRequest()
        (request.user, request.token, request.action) = (user, token, action)
        _ = try await call("Inbox", "Acknowledge", request, V1.AcknowledgeReply.self, timeout: timeout)
    }

    /// Not now: the lease is over, and the message is not shown for so long.
    public func hold(
        _ user: String,
        _ token: UInt64,
        for length: Duration = .zero,
        timeout: Duration? = nil
    ) async throws(DaemonError) {
        var request = V1.HoldRequest()
        (request.user, request.token, request.forMS) = (user, token, Int64(length / .milliseconds(1)))
        _ = try await call("Inbox", "Hold", request, V1.HoldReply.self, timeout: timeout)
    }

    /// Why the user did or did not get messages (of one campaign, or of all), newest first, `limit` at most; near misses
    /// are not counted.
    public func explain(
        _ user: String,
        campaign: String = "",
        limit: Int = 100
    ) async throws(DaemonError) -> [V1.Decision] {
        var found: [V1.Decision] = []
        var (left, page) = (limit, "")
        while left > 0 {
            var request = V1.ExplainRequest()
            (request.user, request.campaign, request.page) = (user, campaign, page)
            request.limit = UInt32(min(left, 1_000))
            let reply = try await call("Decisions", "Explain", request, V1.ExplainReply.self, isSafe: true)
            found += reply.decisions
            left -= reply.decisions.count { $0.nearMiss == 0 }
            page = reply.nextPage
            if page.isEmpty { break }
        }
        return found
    }

    public func health(timeout: Duration? = nil) async throws(DaemonError) -> V1.HealthReply {
        try await call("Health", "Check", V1.HealthRequest(), timeout: timeout, isSafe: true)
    }
}
