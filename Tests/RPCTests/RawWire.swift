import Glibc

@testable import RPC

/// A blocking socket and nothing else.
final class RawWire {
    struct NotConnected: Error {}

    private let socket: Int32
    private var isOpen = true

    convenience init(_ path: String) throws {
        self.init(socket: try Unconnected().connected(to: path))
    }

    private init(socket: Int32) {
        self.socket = socket
    }

    /// A socket that was made while there were descriptors.
    struct Unconnected {
        private let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)

        func connect(_ path: String) throws -> RawWire {
            RawWire(socket: try connected(to: path))
        }

        fileprivate func connected(to path: String) throws -> Int32 {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            // An abstract address begins with a zero byte, and ends with its length.
            let isAbstract = path.first == "@"
            let name = isAbstract ? [0] + path.utf8.dropFirst() : Array(path.utf8)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
            let size = isAbstract ? MemoryLayout<sa_family_t>.size + name.count : MemoryLayout<sockaddr_un>.size
            let connected = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(socket, $0, socklen_t(size))
                }
            }
            guard connected == 0 else {
                Glibc.close(socket)
                throw NotConnected()
            }
            // A test that waits for bytes that never come fails instead of hanging.
            var patience = timeval(tv_sec: 10, tv_usec: 0)
            setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
            return socket
        }
    }

    deinit {
        close()
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        shutdown(socket, Int32(SHUT_RDWR))
        Glibc.close(socket)
    }

    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { return }
            rest = rest.dropFirst(sent)
        }
    }

    /// Sends the same again and again without waiting for room, until that holds, for at most 10 s.
    func sendWithoutWaiting(_ bytes: [UInt8], until holds: () -> Bool) {
        let end = time(nil) + 10
        var rest = bytes[...]
        while !holds(), time(nil) < end {
            let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            let sent = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, flags) }
            rest = sent > 0 ? rest.dropFirst(sent) : rest
            if rest.isEmpty { rest = bytes[...] }
            if sent <= 0 { usleep(1_000) }
        }
    }

    /// Whether the other side has closed, without reading what it sent.
    func isHungUp() -> Bool {
        var poll = pollfd(fd: socket, events: 0, revents: 0)
        return Glibc.poll(&poll, 1, 0) > 0 && poll.revents & Int16(POLLHUP | POLLERR) != 0
    }

    /// The same, waiting for it.
    func waitsForHangUp() -> Bool {
        var poll = pollfd(fd: socket, events: 0, revents: 0)
        return Glibc.poll(&poll, 1, 10_000) > 0
    }

    /// That many bytes, or fewer where the other side closes.
    func read(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var part = [UInt8](repeating: 0, count: count - bytes.count)
            let got = Glibc.read(socket, &part, part.count)
            guard got > 0 else { break }
            bytes += part.prefix(got)
        }
        return bytes
    }

    func isClosed() -> Bool {
        var byte: UInt8 = 0
        return Glibc.read(socket, &byte, 1) == 0
    }

    struct Frame: Equatable {
        var stream: UInt32
        var type: UInt8
        var flags: UInt8
        var body: [UInt8]
    }

    /// With its flags; of a connection that was closed the type is 0.
    func wholeFrame() -> Frame {
        let head = read(10)
        guard head.count == 10 else { return Frame(stream: 0, type: 0, flags: 0, body: []) }
        let header = head.withUnsafeBytes { FrameHeader($0) }
        return Frame(
            stream: header.stream,
            type: header.type,
            flags: header.flags,
            body: read(Int(header.length))
        )
    }

    func frame() -> (stream: UInt32, type: UInt8, body: [UInt8]) {
        let head = read(10)
        guard head.count == 10 else { return (.max - 1, 0, []) }
        let header = head.withUnsafeBytes { FrameHeader($0) }
        return (header.stream, header.type, read(Int(header.length)))
    }

    func answer() -> WireTests.Answer {
        let frame = frame()
        guard let envelope = try? frame.body.withUnsafeBytes({ try ResponseEnvelope($0) }) else {
            return WireTests.Answer(stream: frame.stream, code: -1, text: "does not decode")
        }
        return WireTests.Answer(
            stream: frame.stream,
            code: envelope.status?.code.rawValue ?? 0,
            text: envelope.status?.message ?? "",
            payload: Array(frame.body[envelope.payload])
        )
    }
}
