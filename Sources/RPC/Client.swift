import NIOCore
import NIOPosix

/// The connection was closed before the answer came.
package struct ClientClosed: Error, CustomStringConvertible {
    package let description: String
}

/// The client's side of one connection: many calls at once, each answered when its answer comes.
package final class Client: Sendable {
    private let channel: any Channel
    private let handler: ClientHandler

    private init(channel: any Channel, handler: ClientHandler) {
        self.channel = channel
        self.handler = handler
    }

    /// A path that begins with NUL or `@` is an abstract address.
    package static func connect(
        unix path: String,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws -> Client {
        try await connect(group) { $0.connect(unixDomainSocketPath: path) }
    }

    package static func connect(
        host: String,
        port: Int,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws -> Client {
        try await connect(group) { $0.connect(host: host, port: port) }
    }

    private static func connect(
        _ group: any EventLoopGroup,
        _ body: (ClientBootstrap) -> EventLoopFuture<any Channel>
    ) async throws -> Client {
        let handler = ClientHandler()
        let bootstrap = ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handler) }
            }
        return Client(channel: try await body(bootstrap).get(), handler: handler)
    }

    /// Throws the `Status` that the server answered, or `ClientClosed` where the connection broke before.
    package func call(
        service: String,
        method: String,
        payload: Payload,
        timeout: Duration? = nil,
        metadata: Metadata = Metadata()
    ) async throws -> Payload {
        let nanoseconds = timeout.map { Int64($0 / .nanoseconds(1)) } ?? 0
        return try await withCheckedThrowingContinuation { continuation in
            channel.eventLoop.execute { [handler] in
                handler.send(service, method, payload, nanoseconds, metadata) { continuation.resume(with: $0) }
            }
        }
    }

    /// Calls under way end with `ClientClosed`.
    package func close() async {
        try? await channel.close()
    }
}

private final class ClientHandler: ChannelInboundHandler, @unchecked Sendable {
    // Everything belongs to the channel's event loop.
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias Answer = @Sendable (Result<Payload, any Error>) -> Void

    private var context: ChannelHandlerContext?
    private var waiting: [UInt32: Answer] = [:]
    private var nextStream: UInt32 = 1
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
        guard let context, context.channel.isActive else {
            answer(.failure(ClientClosed(description: "the connection is closed")))
            return
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
            metadata: metadata
        )
        let length = frame.readableBytes - FrameHeader.size
        guard length <= Limits.messageBytes else {
            answer(.failure(Status.tooLarge(length)))
            return
        }
        waiting[stream] = answer
        context.writeAndFlush(wrapOutboundOut(frame), promise: nil)
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
        // What is no response, or one that nobody waits for, says nothing to anybody here.
        guard header.type == FrameType.response.rawValue, let answer = waiting.removeValue(forKey: header.stream)
        else { return }
        answer(
            Result {
                let envelope = try body.withUnsafeReadableBytes { try ResponseEnvelope($0) }
                if let status = envelope.status { throw status }
                return body.part(envelope.payload)
            }
        )
    }

    func channelInactive(context: ChannelHandlerContext) {
        let gone = waiting
        waiting = [:]
        for answer in gone.values { answer(.failure(ClientClosed(description: "the server closed the connection"))) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
