import Foundation
import Testing

/// A client of a page: frames and fields by hand, over a blocking socket.
final class Wire {
    struct Broken: Error {}

    struct Answer: Sendable {
        var stream: UInt32
        var code: UInt64
        var text: String
        var payload: [UInt8]
    }

    private let socket: Int32

    /// `patience`: seconds that the other side may take to read or to answer.
    init(_ path: String, patience: Int = 20) throws {
        socket = Foundation.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else { throw Broken() }
        var patience = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Over TCP, on this machine.
    init(port: Int, patience: Int = 20) throws {
        socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = in_addr_t(UInt32(0x7f00_0001).bigEndian)
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Broken() }
        var patience = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(socket)
    }

    /// The other side has closed, and sent nothing before.
    var isClosed: Bool {
        var byte: UInt8 = 0
        return recv(socket, &byte, 1, 0) <= 0
    }

    /// One call with metadata, and its answer.
    func call(_ service: String, _ method: String, _ payload: [UInt8], metadata: [(String, String)]) throws -> Answer {
        var frame = Self.frame(stream: 1, "triggerd.v1.\(service)", method, payload)
        for (key, value) in metadata { frame += Self.field(5, Self.text(1, key) + Self.text(2, value)) }
        let length = UInt32(frame.count - 10)
        for (index, shift) in [24, 16, 8, 0].enumerated() {
            frame[index] = UInt8(truncatingIfNeeded: length >> UInt32(shift))
        }
        try send(frame)
        return try answer()
    }

    /// `timeout`: in nanoseconds; 0: none.
    func send(
        stream: UInt32,
        _ service: String,
        _ method: String,
        _ payload: [UInt8],
        timeout: Int = 0
    ) throws {
        try send(Self.frame(stream: stream, service, method, payload, timeout: timeout))
    }

    func send(_ bytes: [UInt8]) throws {
        guard Foundation.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { throw Broken() }
    }

    static func frame(
        stream: UInt32,
        _ service: String,
        _ method: String,
        _ payload: [UInt8],
        timeout: Int = 0
    ) -> [UInt8] {
        let body =
            field(1, Array(service.utf8)) + field(2, Array(method.utf8)) + field(3, payload)
            + (timeout > 0 ? varint(4 << 3) + varint(timeout) : [])
        var frame: [UInt8] = []
        for word in [UInt32(body.count), stream] {
            for shift in [24, 16, 8, 0] as [UInt32] { frame.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        return frame + [1, 0] + body
    }

    /// One call and its answer.
    func call(_ service: String, _ method: String, _ payload: [UInt8]) throws -> Answer {
        try send(stream: 1, "triggerd.v1.\(service)", method, payload)
        return try answer()
    }

    /// Whether an answer has come that was not read.
    var hasAnswer: Bool {
        var poll = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&poll, 1, 0) > 0
    }

    struct Frame {
        var stream: UInt32
        var type: UInt8
        var flags: UInt8
        var body: [UInt8]
        /// Whether it ends a stream well.
        var isEnd: Bool { type == 3 && flags == 5 && body.isEmpty }
    }

    func frame() throws -> Frame {
        let head = try read(10)
        let words = [0, 4].map { start in (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(head[start + $1]) } }
        return Frame(stream: words[1], type: head[8], flags: head[9], body: try read(Int(words[0])))
    }

    /// A message of a stream; with flags 5 and nothing in it the end.
    static func data(stream: UInt32, _ payload: [UInt8], flags: UInt8 = 0) -> [UInt8] {
        var frame: [UInt8] = []
        for word in [UInt32(payload.count), stream] {
            for shift in [24, 16, 8, 0] as [UInt32] { frame.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        return frame + [3, flags] + payload
    }

    func answer() throws -> Answer {
        let frame = try frame()
        let words = [0, frame.stream]
        let fields = Self.fields(frame.body)
        let status = Self.fields(fields.first { $0.number == 1 }?.bytes ?? [])
        return Answer(
            stream: words[1],
            code: status.first { $0.number == 1 }?.value ?? 0,
            text: String(decoding: status.first { $0.number == 2 }?.bytes ?? [], as: UTF8.self),
            payload: fields.first { $0.number == 2 }?.bytes ?? []
        )
    }

    private func read(_ count: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var part = [UInt8](repeating: 0, count: count - bytes.count)
            let got = Foundation.read(socket, &part, part.count)
            guard got > 0 else { throw Broken() }
            bytes += part.prefix(got)
        }
        return bytes
    }

    // MARK: Messages

    /// Ten bytes for what is below zero.
    static func varint(_ value: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = UInt64(bitPattern: Int64(value))
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    static func number(_ number: Int, _ value: some BinaryInteger) -> [UInt8] {
        varint(number << 3) + varint(Int(value))
    }

    static func double(_ number: Int, _ value: Double) -> [UInt8] {
        varint(number << 3 | 1) + withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
    }

    static func text(_ number: Int, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

    static func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
        varint(number << 3 | 2) + varint(bytes.count) + bytes
    }

    /// `triggerd.v1.Item` of a custom event.
    static func item(user: String, id: String, event: String) -> [UInt8] {
        field(1, Array(user.utf8)) + (id.isEmpty ? [] : field(2, Array(id.utf8)))
            + field(5, field(1, Array(event.utf8)))
    }

    /// `triggerd.v1.TrackRequest` of one.
    static func track(user: String, id: String, event: String) -> [UInt8] {
        field(1, item(user: user, id: id, event: event))
    }

    static func fields(_ bytes: [UInt8]) -> [(number: Int, value: UInt64, bytes: [UInt8])] {
        var found: [(Int, UInt64, [UInt8])] = []
        var at = 0
        func varint() -> UInt64 {
            var (value, shift) = (UInt64(0), UInt64(0))
            while at < bytes.count {
                let byte = bytes[at]
                at += 1
                value |= UInt64(byte & 0x7f) << shift
                shift += 7
                if byte < 0x80 { break }
            }
            return value
        }
        while at < bytes.count {
            let tag = varint()
            if tag & 7 == 0 {
                found.append((Int(tag >> 3), varint(), []))
            } else {
                let count = Int(varint())
                found.append((Int(tag >> 3), 0, Array(bytes[at..<min(bytes.count, at + count)])))
                at += count
            }
        }
        return found
    }

    /// Of the first item of a `TrackReply`: 1 accepted, 2 duplicate.
    static func result(_ reply: [UInt8]) -> UInt64? {
        fields(fields(reply).first { $0.number == 1 }?.bytes ?? []).first { $0.number == 1 }?.value
    }

    /// Of the first item of a `TrackReply`: its decisions, as they came.
    static func decisions(_ reply: [UInt8]) -> [[UInt8]] {
        fields(fields(reply).first { $0.number == 1 }?.bytes ?? []).filter { $0.number == 2 }.map(\.bytes)
    }
}

/// Answers, gathered from several threads.
final class Lines: @unchecked Sendable {
    // Everything is read and written under `lock`.
    private let lock = NSLock()
    private var gathered: [Wire.Answer] = []

    var all: [Wire.Answer] { lock.withLock { gathered } }

    func add(_ answer: Wire.Answer) {
        lock.withLock { gathered.append(answer) }
    }
}

/// A thread that may throw.
final class BackgroundThread: @unchecked Sendable {
    // `failure` is written before `done` is signalled and read after.
    private let done = DispatchSemaphore(value: 0)
    private var failure: (any Error)?

    init(_ body: @escaping () throws -> Void) {
        nonisolated(unsafe) let body = body
        Thread.detachNewThread { [self] in
            do { try body() } catch { failure = error }
            done.signal()
        }
    }

    func join() throws {
        done.wait()
        if let failure { throw failure }
    }
}
