import Logging
import NIOCore

/// The server's side of one connection: translates between the channel and the machine that decides.
final class Connection: ChannelDuplexHandler, @unchecked Sendable {
    // Everything but the constants belongs to the connection's event loop.
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    let loop: any EventLoop
    private let router: Router
    private let peer: Peer
    private let limits: Limits
    private let logger: Logger

    private var machine: ConnectionStateMachine
    private var reader: FrameReader
    private var context: ChannelHandlerContext?
    /// The front of a frame whose end has not come.
    private var partial = ByteBuffer()
    /// Answers that leave in the next write.
    private var output = ByteBuffer()
    private var isReading = false
    private var closesAfterFlush = false
    /// What happens to calls under way if their callers go; only of those that asked for it or have a deadline.
    private var watches: [UInt32: Watch] = [:]
    private var passOverTimer: Scheduled<Void>?
    private var writeTimer: Scheduled<Void>?
    private var wantsRead = false

    private struct Watch {
        var serial: UInt64
        var deadline: Scheduled<Void>?
        var cancels: [@Sendable () -> Void] = []
    }

    init(loop: any EventLoop, router: Router, peer: Peer, limits: Limits, logger: Logger) {
        self.loop = loop
        self.router = router
        self.peer = peer
        self.limits = limits
        self.logger = logger
        machine = ConnectionStateMachine(limits: limits)
        reader = FrameReader(limits: limits)
    }

    // MARK: In

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        var buffer = unwrapInboundIn(data)
        if partial.readableBytes > 0 {
            partial.writeBuffer(&buffer)
            swap(&buffer, &partial)
        }
        readFrames(&buffer, context)
        partial = buffer.readableBytes > 0 ? buffer : ByteBuffer()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        flush()
        context.fireChannelReadComplete()
    }

    private func readFrames(_ buffer: inout ByteBuffer, _ context: ChannelHandlerContext) {
        while !closesAfterFlush {
            switch buffer.withUnsafeReadableBytes({ reader.next($0) }) {
            case .incomplete:
                reserve(&buffer)
                return
            case .frame(let header):
                buffer.moveReaderIndex(forwardBy: FrameHeader.size)
                // The length was tested: the body is there.
                guard let body = buffer.readSlice(length: Int(header.length)) else { return }
                received(header, body)
            case .oversize(let header, _):
                buffer.moveReaderIndex(forwardBy: FrameHeader.size)
                output.writeResponse(stream: header.stream, status: .tooLarge(Int(header.length)))
                waitForPassingOver(context)
            case .passedOver(let count):
                buffer.moveReaderIndex(forwardBy: count)
                waitForPassingOver(context)
            case .giveUp:
                buffer.clear()
                closesAfterFlush = true
            }
        }
    }

    /// Room for the whole of a large frame at once, instead of doubling up to it.
    private func reserve(_ buffer: inout ByteBuffer) {
        guard buffer.readableBytes >= FrameHeader.size, !reader.isPassingOver else { return }
        let length = buffer.withUnsafeReadableBytes { Int(FrameHeader($0).length) } + FrameHeader.size
        // No more than four times what has come: a header alone reserves nothing.
        buffer.reserveCapacity(min(length, 4 * max(buffer.readableBytes, 4_096)))
    }

    /// wire.md case 11: a body that is passed over may not pause for ever.
    private func waitForPassingOver(_ context: ChannelHandlerContext) {
        passOverTimer?.cancel()
        passOverTimer = nil
        guard reader.isPassingOver else { return }
        let channel = context.channel
        passOverTimer = loop.scheduleTask(in: limits.passOverPause) { channel.close(promise: nil) }
    }

    private func received(_ header: FrameHeader, _ body: ByteBuffer) {
        switch machine.received(header) {
        case .ignore: return
        case .refuse(let status): output.writeResponse(stream: header.stream, status: status)
        case .begin(let serial):
            do throws(Status) {
                try begin(header.stream, serial, body)
            } catch {
                end(header.stream, serial, .failure(error))
            }
        }
    }

    private func begin(_ stream: UInt32, _ serial: UInt64, _ body: ByteBuffer) throws(Status) {
        let (envelope, method) = try body.withUnsafeReadableBytes { bytes in
            Result { () throws(Status) -> (RequestEnvelope, Service.Method) in
                let envelope: RequestEnvelope
                do throws(ProtobufFields.Fault) {
                    envelope = try RequestEnvelope(bytes, limits: limits)
                } catch {
                    throw Status(.invalidArgument, "unmarshal request error: \(error.text)")
                }
                let method = try router.method(
                    UnsafeRawBufferPointer(rebasing: bytes[envelope.service]),
                    UnsafeRawBufferPointer(rebasing: bytes[envelope.method])
                )
                return (envelope, method)
            }
        }.get()
        let timeout = envelope.timeoutNanoseconds
        // wire.md case 41: a caller whose time is up already is not worth beginning for.
        guard timeout >= 0 else { throw Self.deadlineExceeded }
        let deadline = timeout > 0 ? watchDeadline(stream, serial, timeout) : nil
        let start = body.readerIndex + envelope.payload.lowerBound
        let payload = body.getSlice(at: start, length: envelope.payload.count) ?? ByteBuffer()
        method(
            Call(
                payload: payload,
                metadata: envelope.metadata,
                deadline: deadline,
                peer: peer,
                connection: self,
                stream: stream,
                serial: serial
            )
        )
    }

    private static let deadlineExceeded = Status(.deadlineExceeded, "context deadline exceeded")

    private func watchDeadline(_ stream: UInt32, _ serial: UInt64, _ nanoseconds: Int64) -> NIODeadline {
        // A century is as good as none, and cannot overflow.
        let deadline = NIODeadline.now() + .nanoseconds(min(nanoseconds, 3_155_760_000 * 1_000_000_000))
        let timer = loop.scheduleTask(deadline: deadline) { [self] in
            let watch = watches[stream]
            end(stream, serial, .failure(Self.deadlineExceeded))
            flush()
            if let watch, watch.serial == serial { for cancel in watch.cancels { cancel() } }
        }
        watches[stream] = Watch(serial: serial, deadline: timer)
        return deadline
    }

    func onCancel(_ stream: UInt32, _ serial: UInt64, _ body: @escaping @Sendable () -> Void) {
        var watch = watches[stream] ?? Watch(serial: serial)
        watch.cancels.append(body)
        watches[stream] = watch
    }

    // MARK: Out

    func end(_ stream: UInt32, _ serial: UInt64, _ result: Result<Payload, Status>) {
        switch machine.answered(stream: stream, serial: serial) {
        case .drop: return
        case .answer(let close):
            if !watches.isEmpty { watches.removeValue(forKey: stream)?.deadline?.cancel() }
            switch result {
            case .success(let payload):
                if !output.writeResponse(stream: stream, payload: payload) {
                    output.writeResponse(stream: stream, status: .tooLarge(payload.readableBytes))
                }
            case .failure(let status): output.writeResponse(stream: stream, status: status)
            }
            if close { closesAfterFlush = true }
        }
    }

    func flushUnlessReading() {
        if !isReading { flush() }
    }

    private func flush() {
        guard let context else { return }
        if output.readableBytes > 0 {
            let bytes = output
            // A buffer that grew large is not kept.
            output =
                bytes.capacity > 1 << 16 ? ByteBuffer() : context.channel.allocator.buffer(capacity: bytes.capacity)
            if closesAfterFlush {
                context.writeAndFlush(wrapOutboundOut(bytes)).assumeIsolated().whenComplete { _ in
                    context.close(promise: nil)
                }
            } else if bytes.readableBytes > 1 << 16, writeTimer == nil {
                writeUnderDeadline(bytes, context)
            } else {
                context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
            }
        } else if closesAfterFlush {
            context.close(promise: nil)
        }
    }

    /// wire.md case 84: a client that does not read its replies is let go.
    private func writeUnderDeadline(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        let channel = context.channel
        let logger = logger
        writeTimer = loop.scheduleTask(in: limits.writeDeadline) {
            logger.notice("a client did not read its replies and was let go")
            channel.close(promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(bytes)).assumeIsolated().whenComplete { _ in
            self.writeTimer?.cancel()
            self.writeTimer = nil
        }
    }

    /// Reads no more while the client leaves too many replies unread.
    func read(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            context.read()
        } else {
            wantsRead = true
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, wantsRead {
            wantsRead = false
            context.read()
        }
        context.fireChannelWritabilityChanged()
    }

    // MARK: The end

    /// Answers what is under way, then closes.
    func drain() {
        if machine.drain() { context?.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        machine.closed()
        passOverTimer?.cancel()
        writeTimer?.cancel()
        let gone = watches
        watches = [:]
        for watch in gone.values {
            watch.deadline?.cancel()
            for cancel in watch.cancels { cancel() }
        }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("a connection broke", metadata: ["error": "\(error)"])
        context.close(promise: nil)
    }
}
