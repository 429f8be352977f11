import Glibc
import NIOCore
import NIOPosix
import Synchronization

@testable import RPC

/// The streaming methods of the fixture service, and what became of them.
final class StreamFixture: Sendable {
    /// Streams that ended, by method, in the order in which they did.
    let (ends, ended) = AsyncStream<String>.makeStream()
    /// The streams of `Open`, which sends what the test says.
    let (opened, open) = AsyncStream<ServerStream>.makeStream()

    var methods: [String: StreamMethod] {
        [
            "Bidi": .bidirectional { [self] stream, _ in
                stream.onEnd { [self] in ended.yield("Bidi") }
                stream.receive { inbound in
                    switch inbound {
                    case .message(let message) where message.readableBytesView.elementsEqual("garbage".utf8):
                        stream.fail(Status(.invalidArgument, "ttrpc: error unmarshalling payload"))
                    case .message(let message): stream.send(message)
                    case .end: stream.finish()
                    case .drain: stream.fail(Status(.unavailable, "drained"))
                    }
                }
            },
            // The count of its messages and their bytes.
            "Sum": .client { stream, _ in
                var (count, bytes) = (0, 0)
                stream.receive { inbound in
                    switch inbound {
                    case .message(let message):
                        count += 1
                        bytes += message.readableBytes
                    case .end, .drain: stream.call.reply(ByteBuffer(string: "\(count) \(bytes)"))
                    }
                }
            },
            "Div": .server { stream, asked in
                stream.send(asked.payload)
                stream.send(asked.payload)
                stream.finish()
            },
            "Stuck": .bidirectional { [self] stream, _ in
                stream.onEnd { [self] in ended.yield("Stuck") }
                stream.pause()
            },
            // Takes what comes one at a time, a moment after another.
            "Slow": .bidirectional(surplus: .waits) { stream, _ in
                stream.receive { inbound in
                    guard case .message(let message) = inbound else { return stream.finish() }
                    stream.send(message)
                    stream.pause()
                    stream.onLoop { stream.call.connection.loop.execute { stream.resume() } }
                }
            },
            "Fail": .bidirectional { stream, _ in stream.fail(Status(.unknown, "sfail")) },
            "FailLate": .server { stream, asked in
                stream.send(asked.payload)
                stream.send(asked.payload)
                stream.fail(Status(.aborted, "late"))
                stream.send(asked.payload)
            },
            // Nothing else of its event loop goes on meanwhile.
            "BusyStream": .server { stream, asked in
                stream.send(asked.payload)
                usleep(60_000)
                stream.finish()
            },
            "Once": .bidirectional { [self] stream, _ in
                stream.onEnd { [self] in ended.yield("Once") }
                stream.receive { _ in stream.finish() }
            },
            "Thousand": .server { stream, _ in
                for number in 0..<1_000 { stream.send(ByteBuffer(integer: UInt16(number))) }
                stream.finish()
            },
            "Open": .server { [self] stream, _ in
                stream.onEnd { [self] in ended.yield("Open") }
                open.yield(stream)
            },
            // As much as the client takes, and then some.
            "Pour": .server { [self] stream, _ in
                stream.onEnd { [self] in ended.yield("Pour") }
                let message = ByteBuffer(repeating: 7, count: 10_000)
                stream.onRoom { while stream.send(message) {} }
                while stream.send(message) {}
            },
        ]
    }

    /// Waits until a stream of that method has ended.
    func hasEnded(_ method: String) async -> Bool {
        for await name in ends where name == method { return true }
        return false
    }
}
