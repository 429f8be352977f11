import DequeModule
import Logging
import NIOCore
import Synchronization

/// The server's side of one connection: translates between the channel and the machine that decides.
final class Connection: ChannelDuplexHandler, @unchecked Sendable {
    // Everything but the constants and the atomics belongs to the connection's event loop.
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    let channel: any Channel
    let loop: any EventLoop
    let door: OpenDoor
    let limits: Limits
    private let router: Router
    let peer: Peer
    /// Whom its place is counted for.
    let client: Peer.Client
    private let table: ConnectionTable
    private let logger: Logger

    /// Set once nobody waits for an answer any more.
    let isGone = Atomic(false)
    private let isLettingGo = Atomic(false)
    /// In nanoseconds of the system's uptime; the greatest number while a call is under way.
    private let idle: Atomic<UInt64>
    private let held = Atomic(0)

    /// What the other side may do by who it is; a call's token may add to it.
    var roles: Roles
    /// Whether it is known who the other side is.
    var isKnown: Bool
    /// Of the other side's certificate.
    var certificateNames: [String] = []
    /// The token that came last, and what its holder may do, while the door's tokens are those.
    var lastToken: (token: [UInt8], roles: Roles, version: Int)?

    var machine: ConnectionStateMachine
    var context: ChannelHandlerContext?
    /// Answers that leave in the next write.
    var output = ByteBuffer()
    /// The memory of answers that were written and that the client has not taken.
    var unread = 0
    var isReading = false
    var wantsRead = false
    var willFlush = false
    /// While streams take their turns, whoever sends something need not see to it that it leaves.
    var isFilling = false
    var closesAfterFlush = false
    /// Streams under way.
    var streams: [UInt32: ServerStream] = [:]
    /// Those of which messages wait to leave, in turn.
    var sending = Deque<ServerStream>()
    /// Bytes of streams' messages that wait, either way.
    var queued = 0
    /// What came waits while a call of it is decoded elsewhere, or a stream has too much: so many do.
    private var pauses = 0
    var isPaused: Bool { pauses > 0 }
    /// What happens to calls under way if their callers go; only of those that asked for it or have a deadline.
    var watches: [UInt32: Watch] = [:]
    var patience: Patience
    private var reader: FrameReader
    /// The front of a frame whose end has not come, and no byte before it.
    private var partial = ByteBuffer()
    private var passOverTimer: Scheduled<Void>?
    private var patienceTimer: (at: NIODeadline, task: Scheduled<Void>)?

    struct Watch {
        var serial: UInt64
        var deadline: NIODeadline?
        var timer: Scheduled<Void>?
        var cancels: [@Sendable () -> Void] = []
    }

    init(
        channel: any Channel,
        door: OpenDoor,
        roles: Roles,
        router: Router,
        peer: Peer,
        table: ConnectionTable,
        limits: Limits,
        logger: Logger
    ) {
        self.channel = channel
        loop = channel.eventLoop
        self.door = door
        self.roles = roles
        isKnown = door.isUnix
        self.router = router
        self.peer = peer
        client = peer.client
        self.table = table
        self.limits = limits
        self.logger = logger
        machine = ConnectionStateMachine(limits: limits)
        reader = FrameReader(limits: limits)
        let now = NIODeadline.now()
        patience = Patience(limits: limits, now: now, shakesHands: door.tls != nil)
        idle = Atomic(now.uptimeNanoseconds)
    }

    // MARK: In

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        keepPatience()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        take(unwrapInboundIn(data))
    }

    /// More bytes, after those that wait.
    private func take(_ bytes: ByteBuffer) {
        var buffer = bytes
        if partial.readableBytes > 0 {
            partial.writeBuffer(&buffer)
            swap(&buffer, &partial)
        }
        let start = buffer.readerIndex
        readFrames(&buffer)
        let hasFrame = buffer.readerIndex > start
        partial = buffer.rest(after: start, channel.allocator)
        patience.read(at: .now(), hasFrame: hasFrame, hasPart: partial.readableBytes > 0)
    }

    func pauseReading() {
        pauses += 1
    }

    func resumeReading() {
        pauses -= 1
        // It has ended, and what it held is gone; or something else is waited for.
        guard let context, !isPaused else { return }
        isReading = true
        take(ByteBuffer())
        isReading = false
        flush()
        readOn(context)
    }

    /// Not from within a read.
    func resumeReadingSoon() {
        loop.execute { [self] in resumeReading() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        flush()
        context.fireChannelReadComplete()
    }

    private func readFrames(_ buffer: inout ByteBuffer) {
        while !closesAfterFlush, !isPaused {
            switch buffer.withUnsafeReadableBytes({ reader.next($0) }) {
            case .incomplete:
                reserve(&buffer)
                return
            case .frame(let header):
                received(header, buffer.readBody(of: header))
            case .oversize(let header, _):
                buffer.moveReaderIndex(forwardBy: FrameHeader.size)
                refuseOversize(header)
                waitForPassingOver()
            case .passedOver(let count):
                buffer.moveReaderIndex(forwardBy: count)
                waitForPassingOver()
            case .giveUp:
                buffer.clear()
                closesAfterFlush = true
            }
        }
    }

    /// Room for the whole of a large frame at once, instead of doubling up to it. Of what is passed over nothing is kept.
    private func reserve(_ buffer: inout ByteBuffer) {
        guard buffer.readerIndex == 0, buffer.readableBytes >= FrameHeader.size, !reader.isPassingOver else { return }
        let length = buffer.withUnsafeReadableBytes { Int(FrameHeader($0).length) } + FrameHeader.size
        let most = Limits.reservedTimes * max(buffer.readableBytes, Limits.reservedAtLeast)
        buffer.reserveCapacity(min(length, most))
    }

    /// docs/protocol.md: a body that is passed over may not pause for ever.
    private func waitForPassingOver() {
        passOverTimer?.cancel()
        passOverTimer = nil
        guard reader.isPassingOver else { return }  // All of it has come.
        passOverTimer = loop.scheduleTask(in: limits.passOverPause) { [channel] in channel.close(promise: nil) }
    }

    /// Of a stream under way it is the end.
    private func refuseOversize(_ header: FrameHeader) {
        let status = Status.tooLarge(Int(header.length), most: limits.frameBytes)
        if header.type == FrameType.data.rawValue, let serial = machine.serial(of: header.stream) {
            abort(header.stream, serial, status)
        } else {
            output.writeResponse(stream: header.stream, status: status)
        }
    }

    private func received(_ header: FrameHeader, _ body: ByteBuffer) {
        switch machine.received(header) {
        case .ignore: return
        case .message(let isLast): streams[header.stream]?.received(body, isLast: isLast)
        case .halfClose: streams[header.stream]?.received(.end)
        case .fail(let serial, let status): abort(header.stream, serial, status)
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
        let (envelope, route) = try body.withUnsafeReadableBytes { bytes in
            Result { () throws(Status) -> (RequestEnvelope, Router.Route) in
                let envelope: RequestEnvelope
                do throws(ProtobufFields.Fault) {
                    envelope = try RequestEnvelope(bytes, limits: limits)
                } catch {
                    throw Status(.invalidArgument, "unmarshal request error: \(error.text)")
                }
                guard !envelope.hasTooMuchMetadata else { throw Self.tooMuchMetadata(limits) }
                let route = try router.route(
                    UnsafeRawBufferPointer(rebasing: bytes[envelope.service]),
                    UnsafeRawBufferPointer(rebasing: bytes[envelope.method])
                )
                return (envelope, route)
            }
        }.get()
        let granted = try granted(route, envelope.metadata)
        let timeout = envelope.timeoutNanoseconds
        // docs/protocol.md: a caller whose time is up already is not worth beginning for.
        guard timeout >= 0 else { throw Self.deadlineExceeded }
        let deadline = timeout > 0 ? watchDeadline(stream, serial, timeout) : nil
        let payload = body.part(envelope.payload)
        let call = Call(
            deadline: deadline,
            peer: peer,
            roles: granted,
            connection: self,
            stream: stream,
            serial: serial
        )
        switch route.body {
        case .unary(let body): body(call, Request(payload: payload, metadata: envelope.metadata))
        case .stream(let method): begin(method, call, payload, envelope.metadata)
        }
    }

    private func begin(_ method: StreamMethod, _ call: Call, _ payload: Payload, _ metadata: Metadata) {
        let stream = ServerStream(call, method)
        streams[call.stream] = stream
        guard method.takesMessages else {
            method.begin(stream, Request(payload: payload, metadata: metadata))
            return
        }
        machine.takesMessages(call.stream)
        method.begin(stream, Request(payload: ByteBuffer(), metadata: metadata))
        // docs/protocol.md: what cannot be told from nothing is nothing; an empty message is a frame of its own.
        if payload.readableBytes > 0 { stream.received(payload, isLast: false) }
    }

    private static func tooMuchMetadata(_ limits: Limits) -> Status {
        Status(
            .resourceExhausted,
            "more than \(limits.metadataPairs) pairs or \(limits.metadataBytes) bytes of metadata"
        )
    }

    static let deadlineExceeded = Status(.deadlineExceeded, "context deadline exceeded")

    // MARK: Limits

    /// What it holds of received frames and of unread answers, in bytes.
    var heldBytes: Int { held.load(ordering: .relaxed) }

    /// Tells the table what is held now.
    func account() {
        let bytes = (partial.capacity + unread + queued) / Limits.heldGrain * Limits.heldGrain
        let before = held.exchange(bytes, ordering: .relaxed)
        if bytes != before { table.hold(bytes - before, loop) }
    }

    /// Looks again when the client's time is up, whatever it is that it leaves undone.
    func keepPatience() {
        guard let end = patience.end else { return }  // A call is under way: it is the daemon that is waited for.
        if let patienceTimer {
            if patienceTimer.at <= end.at { return }
            patienceTimer.task.cancel()
        }
        patienceTimer = (end.at, loop.scheduleTask(deadline: end.at) { [self] in lookAgain() })
    }

    private func lookAgain() {
        patienceTimer = nil
        guard let end = patience.end, end.at <= .now() else { return keepPatience() }
        switch end.why {
        case .unreadReplies: letGo("a client did not read its replies")
        case .unfinishedFrame: letGo("a client began a frame and did not end it")
        case .handshake:
            door.refusals.notice("a TLS handshake took too long: \(peer.client) was let go")
            channel.close(promise: nil)
        case .idle:
            logger.debug("a connection was idle and is closed")
            channel.close(promise: nil)
        }
    }

    /// Since when it has no call under way; the greatest number while it has.
    var idleSince: UInt64 { idle.load(ordering: .relaxed) }

    func keepIdleness(_ now: NIODeadline) {
        idle.store(machine.isIdle ? now.uptimeNanoseconds : .max, ordering: .relaxed)
    }

    var isBeingLetGo: Bool { isLettingGo.load(ordering: .relaxed) }

    /// Once.
    func mayBeLetGo() -> Bool {
        !isLettingGo.exchange(true, ordering: .relaxed)
    }

    /// Closes the connection, with whatever was not answered or read.
    func letGo(_ why: String) {
        logger.notice("\(why): it was let go")
        channel.close(promise: nil)
    }

    // MARK: The end

    /// Answers what is under way, then closes.
    func drain() {
        if machine.drain() { context?.close(promise: nil) }
        for stream in streams.values { stream.received(.drain) }
        flushUnlessReading()
        patience.hurry()
        keepPatience()
    }

    func channelInactive(context: ChannelHandlerContext) {
        isGone.store(true, ordering: .relaxed)
        machine.closed()
        passOverTimer?.cancel()
        patienceTimer?.task.cancel()
        (partial, output, unread) = (ByteBuffer(), ByteBuffer(), 0)
        account()
        let gone = watches
        watches = [:]
        for watch in gone.values {
            watch.timer?.cancel()
            for cancel in watch.cancels { cancel() }
        }
        let over = streams
        streams = [:]
        sending = []
        for stream in over.values { stream.ended() }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if patience.shakesHands {
            door.refusals.notice("a TLS handshake with \(peer.client) failed: \(TLSFault.text(of: error))")
        } else {
            logger.debug("a connection broke", metadata: ["error": "\(error)"])
        }
        context.close(promise: nil)
    }
}

extension ByteBuffer {
    /// The body of a frame that the reader found whole, its header before it.
    mutating func readBody(of header: FrameHeader) -> ByteBuffer {
        moveReaderIndex(forwardBy: FrameHeader.size)
        guard let body = readSlice(length: Int(header.length)) else {
            preconditionFailure("of a whole frame's body of \(header.length) bytes \(readableBytes) are there")
        }
        return body
    }

    /// Of a body the bytes that its envelope found there.
    func part(_ range: Range<Int>) -> ByteBuffer {
        guard let part = getSlice(at: readerIndex + range.lowerBound, length: range.count) else {
            preconditionFailure("an envelope of \(readableBytes) bytes has a payload at \(range)")
        }
        return part
    }

    /// What is left of a read. Where frames stood before it, it is copied: a buffer that is only ever written to would
    /// hold everything that came since the connection began, and what is left is no more than the read itself.
    func rest(after start: Int, _ allocator: ByteBufferAllocator) -> ByteBuffer {
        if readableBytes == 0 { return ByteBuffer() }
        guard readerIndex > start else { return self }
        var rest = allocator.buffer(capacity: readableBytes)
        rest.writeImmutableBuffer(self)
        return rest
    }
}
