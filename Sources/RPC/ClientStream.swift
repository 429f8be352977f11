import DequeModule
import NIOCore

/// The client's side of one stream: messages out with back-pressure, messages in one at a time.
package final class ClientStream: @unchecked Sendable {
    // Everything below belongs to the channel's event loop.
    private let id: UInt32
    private let handler: ClientHandler
    private let loop: any EventLoop

    private var waiting = Deque<Payload>()
    private var waitingBytes = 0
    private var end: Result<Void, any Error>?
    private var reader: CheckedContinuation<Payload?, any Error>?
    private var isClosed = false

    init(id: UInt32, handler: ClientHandler, loop: any EventLoop) {
        self.id = id
        self.handler = handler
        self.loop = loop
    }

    /// Returns once there is room for another. Throws where the stream is over: `receive` tells how.
    package func send(_ message: Payload) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            loop.execute { [self] in
                if let end {
                    continuation.resume(with: end.flatMap { .failure(ClientClosed(description: "the stream is over")) })
                } else if isClosed {
                    continuation.resume(throwing: ClientClosed(description: "the stream was finished"))
                } else if message.readableBytes > Limits.messageBytes {
                    continuation.resume(throwing: Status.tooLarge(message.readableBytes))
                } else {
                    handler.sendData(id, message, continuation)
                }
            }
        }
    }

    /// Nothing more is sent.
    package func finish() {
        loop.execute { [self] in
            if isClosed || end != nil { return }
            isClosed = true
            handler.sendEnd(id)
        }
    }

    /// The next message; nil at the stream's good end. Throws the `Status` that ended it, or `ClientClosed`. One at a
    /// time.
    package func receive() async throws -> Payload? {
        try await withCheckedThrowingContinuation { continuation in
            loop.execute { [self] in
                if let message = waiting.popFirst() {
                    waitingBytes -= message.readableBytes
                    handler.readsOn(self)
                    continuation.resume(returning: message)
                } else if let end {
                    continuation.resume(with: end.map { nil })
                } else {
                    precondition(reader == nil, "two read one stream")
                    reader = continuation
                }
            }
        }
    }

    /// Whether as much waits as may: the connection is not read until it is taken.
    var isFull: Bool {
        waiting.count >= Limits.clientStreamMessages || waitingBytes >= Limits.clientStreamBytes
    }

    func received(_ message: Payload) {
        guard end == nil else { return }  // A server that sends on after the end.
        if let reader {
            self.reader = nil
            reader.resume(returning: message)
        } else {
            waiting.append(message)
            waitingBytes += message.readableBytes
        }
    }

    func ended(_ result: Result<Void, any Error>) {
        guard end == nil else { return }  // The first counts.
        end = result
        guard let reader else { return }  // Whoever reads next is told.
        self.reader = nil
        reader.resume(with: result.map { nil })
    }
}
