import DequeModule
import NIOCore
import Synchronization

/// One stream under way, as its method sees it: what comes, what leaves, and when it is over.
///
/// Everything but `isOpen` and `onLoop` belongs to the connection's event loop.
package final class ServerStream: @unchecked Sendable {
    package enum Inbound: Sendable {
        case message(Payload)
        /// The client sends nothing more.
        case end
        /// The server ends: nothing more comes. What came is to be answered, and the stream to be ended.
        case drain
    }

    enum End {
        case finished
        case answered(Payload)
        case failed(Status)
    }

    /// The way back of a client's stream, and who asks.
    package let call: Call
    let kind: StreamMethod.Kind
    private let surplus: StreamMethod.Surplus
    private let isOver = Atomic(false)

    private var receiver: ((Inbound) -> Void)?
    private var roomReceiver: (() -> Void)?
    private var endReceiver: (() -> Void)?

    private var waiting = Deque<Inbound>()
    private var waitingBytes = 0
    private var isPaused = false
    private var isDelivering = false
    private var holdsConnection = false

    private var leaving = Deque<Payload>()
    private var leavingBytes = 0
    private var ending: End?
    private var lacksRoom = false

    init(_ call: Call, _ method: StreamMethod) {
        self.call = call
        kind = method.kind
        surplus = method.surplus
    }

    private var connection: Connection { call.connection }
    private var limits: Limits { connection.limits }

    /// Whether anybody is at the other end. Cheap, and from any thread.
    package var isOpen: Bool { !isOver.load(ordering: .relaxed) && call.isAwaited }

    /// Runs `body` on the event loop; from any thread.
    package func onLoop(_ body: @escaping @Sendable () -> Void) {
        if connection.loop.inEventLoop { body() } else { connection.loop.execute(body) }
    }

    /// The same after a while.
    package func onLoop(after wait: Duration, _ body: @escaping @Sendable () -> Void) {
        connection.loop.scheduleTask(in: .nanoseconds(Int64(wait / .nanoseconds(1))), body)
    }

    // MARK: In

    /// What comes is given to `body` as it comes, until `pause`. To be called from the method, before it returns.
    package func receive(_ body: @escaping (Inbound) -> Void) {
        receiver = body
    }

    /// When it is over, for whatever reason; once. To be called from the method, before it returns.
    package func onEnd(_ body: @escaping () -> Void) {
        endReceiver = body
    }

    /// What comes waits.
    package func pause() {
        isPaused = true
    }

    package func resume() {
        isPaused = false
        deliver()
    }

    /// A message has come.
    func received(_ message: Payload, isLast: Bool) {
        if waiting.isEmpty, !isPaused, !isDelivering {
            give(.message(message))
        } else {
            // Of its own, so that it does not hold the whole of what was read with it.
            keep(.message(ByteBuffer(bytes: message.readableBytesView)), message.readableBytes)
        }
        if isLast { received(.end) }
    }

    /// The client's end, or the server's.
    func received(_ end: Inbound) {
        if case .drain = end, receiver == nil { return close(.failed(Self.ends)) }
        keep(end, 0)
        deliver()
    }

    private static let ends = Status(.unavailable, "the server is shutting down")

    private func keep(_ inbound: Inbound, _ bytes: Int) {
        guard ending == nil else { return }  // Nobody waits for it any more.
        waiting.append(inbound)
        waitingBytes += bytes
        connection.queued += bytes
        guard waiting.count > limits.streamMessages || waitingBytes > limits.streamBytes else { return }  // It fits.
        switch surplus {
        case .fails:
            let text = "more than \(limits.streamMessages) messages or \(limits.streamBytes) bytes of the stream wait"
            abort(Status(.resourceExhausted, text))
        case .waits:
            if holdsConnection { return }
            holdsConnection = true
            connection.pauseReading()
        }
    }

    private func deliver() {
        guard !isDelivering else { return }  // Whoever delivers goes on.
        isDelivering = true
        while !isPaused, ending == nil, let inbound = waiting.popFirst() {
            if case .message(let message) = inbound { release(message.readableBytes) }
            give(inbound)
        }
        isDelivering = false
        if holdsConnection, waiting.count <= limits.streamMessages / 2, waitingBytes <= limits.streamBytes / 2 {
            holdsConnection = false
            connection.resumeReadingSoon()
        }
    }

    private func release(_ bytes: Int) {
        waitingBytes -= bytes
        connection.queued -= bytes
    }

    private func give(_ inbound: Inbound) {
        guard ending == nil else { return }  // It was answered: what still comes is of no use.
        receiver?(inbound)
    }

    // MARK: Out

    /// Sends a message. Gives whether another may follow at once; else `onRoom` says when.
    @discardableResult
    package func send(_ message: Payload) -> Bool {
        guard ending == nil, isOpen else { return false }  // It is over, and whoever sends hears of it.
        guard message.readableBytes <= Limits.messageBytes else {
            abort(.tooLarge(message.readableBytes))
            return false
        }
        if leaving.isEmpty, connection.hasStreamRoom {
            connection.output.writeData(stream: call.stream, payload: message)
            connection.flushSoon()
            return true
        }
        if leaving.isEmpty { connection.sending.append(self) }
        leaving.append(message)
        leavingBytes += message.readableBytes
        connection.queued += message.readableBytes
        connection.flushSoon()
        guard leavingBytes >= Limits.streamTurnBytes || leaving.count >= Limits.streamTurnMessages else { return true }
        lacksRoom = true
        if leavingBytes > limits.streamQueuedBytes {
            abort(Status(.resourceExhausted, "more than \(limits.streamQueuedBytes) bytes of the stream wait to leave"))
        }
        return false
    }

    /// When there is room again after a `send` that gave false. To be called from the method, before it returns.
    package func onRoom(_ body: @escaping () -> Void) {
        roomReceiver = body
    }

    /// Ends it well, after what was sent.
    package func finish() {
        close(.finished)
    }

    /// Ends it, after what was sent.
    package func fail(_ status: Status) {
        close(.failed(status))
    }

    /// The first end counts.
    func close(_ end: End) {
        guard ending == nil else { return }  // It was ended before.
        ending = end
        forgetWaiting()
        if leaving.isEmpty { connection.leave(self, end) }
        connection.flushUnlessReading()
    }

    /// Ends it now, without what waits.
    func abort(_ status: Status) {
        guard !isOver.load(ordering: .relaxed) else { return }  // It has its end.
        forgetLeaving()
        ending = .failed(status)
        forgetWaiting()
        connection.leave(self, .failed(status))
        connection.flushUnlessReading()
    }

    /// Its turn: a message leaves, and where it was the last, its method may send more.
    func takeTurn() {
        guard let message = leaving.popFirst() else { return }  // It was given up meanwhile.
        leavingBytes -= message.readableBytes
        connection.queued -= message.readableBytes
        connection.output.writeData(stream: call.stream, payload: message)
        if !leaving.isEmpty {
            connection.sending.append(self)
        } else if let ending {
            connection.leave(self, ending)
        } else if lacksRoom {
            lacksRoom = false
            roomReceiver?()
        }
    }

    /// Nobody is at the other end any more.
    func ended() {
        guard !isOver.exchange(true, ordering: .relaxed) else { return }  // Its method was told.
        if ending == nil { ending = .finished }
        forgetWaiting()
        forgetLeaving()
        let tell = endReceiver
        (receiver, roomReceiver, endReceiver) = (nil, nil, nil)
        tell?()
    }

    private func forgetWaiting() {
        release(waitingBytes)
        waiting.removeAll()
        guard holdsConnection else { return }  // What came is read.
        holdsConnection = false
        connection.resumeReadingSoon()
    }

    private func forgetLeaving() {
        connection.queued -= leavingBytes
        leavingBytes = 0
        leaving.removeAll()
    }
}
