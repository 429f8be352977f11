import NIOCore
import NIOPosix
import NIOSSL

/// The connection was closed before the answer came.
package struct ClientClosed: Error, CustomStringConvertible {
    package let description: String
}

/// The client's side of one connection: many calls at once, each answered when its answer comes.
package final class Client: Sendable {
    /// Where a server is.
    package enum Address: Sendable {
        /// A path that begins with NUL or `@` is an abstract address.
        case unix(String)
        case tcp(host: String, port: Int)
        case tls(host: String, port: Int, ClientTLS)
    }

    private let channel: any Channel
    private let handler: ClientHandler
    /// Goes with each call.
    private let metadata: Metadata

    private init(channel: any Channel, handler: ClientHandler, metadata: Metadata) {
        self.channel = channel
        self.handler = handler
        self.metadata = metadata
    }

    /// `token`: tells the server who calls. Throws `TLSRefusal` where TLS is not agreed on.
    package static func connect(
        to address: Address,
        token: String? = nil,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws -> Client {
        var metadata = Metadata()
        if let token { metadata.append("authorization", "Bearer \(token)") }
        let handler = ClientHandler()
        let loop = group.next()
        let agreed = loop.makePromise(of: Void.self)
        let bootstrap = ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if case .tls(let host, _, let tls) = address { try tls.add(to: channel, host: host, agreed) }
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
        let channel: any Channel
        do {
            channel =
                switch address {
                case .unix(let path): try await bootstrap.connect(unixDomainSocketPath: path).get()
                case .tcp(let host, let port), .tls(let host, let port, _):
                    try await bootstrap.connect(host: host, port: port).get()
                }
            if case .tls = address { try await agreed.futureResult.get() } else { agreed.succeed() }
        } catch {
            agreed.fail(error)
            throw error
        }
        return Client(channel: channel, handler: handler, metadata: metadata)
    }

    package static func connect(
        unix path: String,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws -> Client {
        try await connect(to: .unix(path), group: group)
    }

    package var isOpen: Bool { channel.isActive }

    /// Throws the `Status` that the server answered, `ClientClosed` where the connection broke before, and
    /// DEADLINE_EXCEEDED also where the server does not keep to the timeout.
    package func call(
        service: String,
        method: String,
        payload: Payload,
        timeout: Duration? = nil,
        metadata: Metadata = Metadata()
    ) async throws -> Payload {
        let nanoseconds = timeout.map { Int64($0 / .nanoseconds(1)) } ?? 0
        let all = all(metadata)
        return try await withCheckedThrowingContinuation { continuation in
            channel.eventLoop.execute { [handler] in
                handler.send(service, method, payload, nanoseconds, all) { continuation.resume(with: $0) }
            }
        }
    }

    /// Begins a stream. A method that takes one request is given it as `payload`; one that takes messages is sent them.
    /// What the server answers comes by `receive`, its refusal too.
    package func open(
        service: String,
        method: String,
        payload: Payload? = nil,
        timeout: Duration? = nil,
        metadata: Metadata = Metadata()
    ) async throws -> ClientStream {
        let nanoseconds = timeout.map { Int64($0 / .nanoseconds(1)) } ?? 0
        let all = all(metadata)
        return try await withCheckedThrowingContinuation { continuation in
            channel.eventLoop.execute { [handler] in
                continuation.resume(
                    with: Result { try handler.open(service, method, payload, nanoseconds, all) }
                )
            }
        }
    }

    private func all(_ more: Metadata) -> Metadata {
        if metadata.isEmpty { return more }
        var all = metadata
        for (key, value) in more.pairs { all.append(key, value) }
        return all
    }

    /// Calls under way end with `ClientClosed`.
    package func close() async {
        try? await channel.close()
    }
}

final class ClientHandler: ChannelDuplexHandler, @unchecked Sendable {
    // Everything belongs to the channel's event loop.
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer
    typealias Answer = @Sendable (Result<Payload, any Error>) -> Void

    private var context: ChannelHandlerContext?
    private var waiting: [UInt32: (answer: Answer, timer: Scheduled<Void>?)] = [:]
    private var streams: [UInt32: ClientStream] = [:]
    /// Those who sent while the channel had no room.
    private var senders: [CheckedContinuation<Void, any Error>] = []
    private var wantsRead = false
    private var nextStream: UInt32 = 1
    /// What broke the connection, where that is known.
    private var fault: String?
    private var partial = ByteBuffer()
    private var reader = FrameReader(limits: Limits())

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func send(
        _ service: String,
        _ method: String,
        _ payload: Payload,
        _ timeout: Int64,
        _ metadata: Metadata,
        _ answer: @escaping Answer
    ) {
        do {
            let stream = try request(service, method, payload, timeout, metadata, flags: 0)
            waiting[stream] = (answer, timer(of: stream, timeout))
        } catch {
            answer(.failure(error))
        }
    }

    /// The server knows how long it has; whether it keeps to that is measured here.
    private func timer(of stream: UInt32, _ timeout: Int64) -> Scheduled<Void>? {
        guard timeout > 0, timeout < Limits.longestCall.nanoseconds else { return nil }
        let end = TimeAmount.nanoseconds(timeout) + Limits.clientSlack
        return context?.eventLoop.scheduleTask(in: end) { [self] in
            // What comes of it after this finds nobody.
            waiting.removeValue(forKey: stream)?.answer(
                .failure(Status(.deadlineExceeded, "no answer within \(Duration.nanoseconds(timeout))"))
            )
        }
    }

    func open(
        _ service: String,
        _ method: String,
        _ payload: Payload?,
        _ timeout: Int64,
        _ metadata: Metadata
    ) throws -> ClientStream {
        let flags = payload == nil ? FrameFlag.remoteOpen : FrameFlag.remoteClosed
        let id = try request(service, method, payload ?? ByteBuffer(), timeout, metadata, flags: flags)
        guard let context else { throw ClientClosed(description: "the connection is closed") }
        let stream = ClientStream(id: id, handler: self, loop: context.eventLoop)
        streams[id] = stream
        return stream
    }

    private func request(
        _ service: String,
        _ method: String,
        _ payload: Payload,
        _ timeout: Int64,
        _ metadata: Metadata,
        flags: UInt8
    ) throws -> UInt32 {
        guard let context, context.channel.isActive else {
            throw ClientClosed(description: fault ?? "the connection is closed")
        }
        let stream = nextStream
        nextStream &+= 2
        var frame = context.channel.allocator.buffer(capacity: payload.readableBytes + 128)
        frame.writeRequest(
            stream: stream,
            service: service,
            method: method,
            payload: payload,
            timeoutNanoseconds: timeout,
            metadata: metadata,
            flags: flags
        )
        let length = frame.readableBytes - FrameHeader.size
        guard length <= Limits.messageBytes else { throw Status.tooLarge(length) }
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
        return stream
    }

    // MARK: Streams

    func sendData(_ stream: UInt32, _ message: Payload, _ sender: CheckedContinuation<Void, any Error>) {
        guard let context, context.channel.isActive else {
            return sender.resume(throwing: ClientClosed(description: "the connection is closed"))
        }
        var frame = context.channel.allocator.buffer(capacity: message.readableBytes + FrameHeader.size)
        frame.writeData(stream: stream, payload: message)
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
        if context.channel.isWritable { sender.resume() } else { senders.append(sender) }
    }

    func sendEnd(_ stream: UInt32) {
        guard let context else { return }  // The server has gone, and the stream with it.
        var frame = context.channel.allocator.buffer(capacity: FrameHeader.size)
        frame.writeEnd(stream: stream)
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            let ready = senders
            senders = []
            for sender in ready { sender.resume() }
        }
        context.fireChannelWritabilityChanged()
    }

    /// Nothing is read while a stream has as much as may wait.
    func read(context: ChannelHandlerContext) {
        wantsRead = true
        readOn(context)
    }

    func readsOn(_ stream: ClientStream) {
        if wantsRead, let context, !stream.isFull { readOn(context) }
    }

    private func readOn(_ context: ChannelHandlerContext) {
        guard !streams.values.contains(where: \.isFull) else { return }  // `readsOn` comes back here.
        wantsRead = false
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        if partial.readableBytes > 0 {
            partial.writeBuffer(&buffer)
            swap(&buffer, &partial)
        }
        let start = buffer.readerIndex
        reading: while true {
            switch buffer.withUnsafeReadableBytes({ reader.next($0) }) {
            case .incomplete: break reading
            case .frame(let header):
                received(header, buffer.readBody(of: header))
            case .oversize, .passedOver, .giveUp:
                context.close(promise: nil)
                return
            }
        }
        partial = buffer.rest(after: start, context.channel.allocator)
    }

    private func received(_ header: FrameHeader, _ body: ByteBuffer) {
        if let stream = streams[header.stream] { return received(header, body, stream) }
        // What is no response, or one that nobody waits for, says nothing to anybody here.
        guard header.type == FrameType.response.rawValue, let caller = waiting.removeValue(forKey: header.stream)
        else { return }
        caller.timer?.cancel()
        caller.answer(Self.answer(body))
    }

    private func received(_ header: FrameHeader, _ body: ByteBuffer, _ stream: ClientStream) {
        switch FrameType(rawValue: header.type) {
        case .data:
            if header.flags & FrameFlag.noData == 0 { stream.received(body) }
            guard header.flags & FrameFlag.remoteClosed != 0 else { return }  // More comes.
            stream.ended(.success(()))
        case .response:
            let answer = Self.answer(body)
            // Of a stream of messages out, one answer.
            if case .success(let payload) = answer { stream.received(payload) }
            stream.ended(answer.map { _ in })
        case .request, nil: return  // Says nothing to a client.
        }
        streams[header.stream] = nil
        if wantsRead, let context { readOn(context) }
    }

    private static func answer(_ body: ByteBuffer) -> Result<Payload, any Error> {
        Result {
            let envelope = try body.withUnsafeReadableBytes { try ResponseEnvelope($0) }
            if let status = envelope.status { throw status }
            return body.part(envelope.payload)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        let gone = waiting
        waiting = [:]
        let closed = ClientClosed(description: fault ?? "the server closed the connection")
        for (answer, timer) in gone.values {
            timer?.cancel()
            answer(.failure(closed))
        }
        let (over, unsent) = (streams, senders)
        (streams, senders) = ([:], [])
        for sender in unsent { sender.resume(throwing: closed) }
        for stream in over.values { stream.ended(.failure(closed)) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // TLS 1.3: a client's certificate is refused after the client was done with the handshake.
        if error is NIOSSLError || error is BoringSSLError { fault = fault ?? TLSFault.text(of: error) }
        context.close(promise: nil)
    }
}
