import Testing

@testable import RPC

/// The machine, one line a step. It is a value: no socket, no clock.
struct StateMachineTests {
    func request(_ stream: UInt32) -> FrameHeader { FrameHeader(length: 0, stream: stream, type: .request) }
    func data(_ stream: UInt32) -> FrameHeader { FrameHeader(length: 0, stream: stream, type: .data, flags: 5) }

    func refusal(_ action: ConnectionStateMachine.FrameAction) -> Status? {
        if case .refuse(let status) = action { status } else { nil }
    }

    @Test("a call begins, is answered once, and its id may be used again")
    func oneCall() {
        var machine = ConnectionStateMachine(limits: Limits())
        #expect(machine.received(request(1)) == .begin(serial: 1))
        #expect(machine.answered(stream: 1, serial: 1) == .answer(close: false))
        #expect(machine.answered(stream: 1, serial: 1) == .drop)
        #expect(machine.received(request(1)) == .begin(serial: 2))
        // The late answer of the first is not the second's.
        #expect(machine.answered(stream: 1, serial: 1) == .drop)
        #expect(machine.answered(stream: 1, serial: 2) == .answer(close: false))
    }

    @Test("cases 19, 20, 17: an even id is refused, whatever the type", arguments: [0, 2, 0xffff_fffe] as [UInt32])
    func evenIDs(stream: UInt32) {
        var machine = ConnectionStateMachine(limits: Limits())
        let text = "StreamID must be odd for client initiated streams"
        #expect(refusal(machine.received(request(stream))) == Status(.invalidArgument, text))
        #expect(refusal(machine.received(data(stream))) == Status(.invalidArgument, text))
    }

    @Test("cases 21 to 26: gaps, smaller ids and a wrap are fine; an id under way is not")
    func ids() {
        var machine = ConnectionStateMachine(limits: Limits())
        for (serial, stream) in ([1, 101, 0xffff_ffff, 5, 3] as [UInt32]).enumerated() {
            #expect(machine.received(request(stream)) == .begin(serial: UInt64(serial + 1)))
        }
        #expect(refusal(machine.received(request(5)))?.code == .invalidArgument)
        #expect(machine.answered(stream: 5, serial: 4) == .answer(close: false))
    }

    @Test("cases 63, 64, 65: data on a call under way or just ended is dropped, on a stream never opened refused")
    func strayData() {
        var machine = ConnectionStateMachine(limits: Limits())
        #expect(refusal(machine.received(data(1)))?.message == "StreamID is no longer active")
        #expect(machine.received(data(1)) == .ignore)
        _ = machine.received(request(1))
        #expect(machine.received(data(1)) == .ignore)
        _ = machine.answered(stream: 1, serial: 1)
        #expect(machine.received(data(1)) == .ignore)
    }

    @Test(
        "cases 15, 16: unknown types and responses with an odd id are ignored",
        arguments: [0, 2, 4, 0xff] as [UInt8]
    )
    func otherTypes(type: UInt8) {
        var machine = ConnectionStateMachine(limits: Limits())
        var header = request(1)
        header.type = type
        #expect(machine.received(header) == .ignore)
    }

    @Test("the limit of calls under way, below, at and above")
    func callLimit() {
        var limits = Limits()
        limits.callsUnderWay = 2
        var machine = ConnectionStateMachine(limits: limits)
        #expect(machine.received(request(1)) == .begin(serial: 1))
        #expect(machine.received(request(3)) == .begin(serial: 2))
        #expect(refusal(machine.received(request(5)))?.code == .resourceExhausted)
        _ = machine.answered(stream: 1, serial: 1)
        #expect(machine.received(request(5)) == .begin(serial: 3))
    }

    @Test("cases 77, 82: a drain answers what is under way, refuses what is new, and closes with the last answer")
    func drain() {
        var machine = ConnectionStateMachine(limits: Limits())
        _ = machine.received(request(1))
        _ = machine.received(request(3))
        let closesAtOnce = machine.drain()
        #expect(!closesAtOnce)
        #expect(refusal(machine.received(request(5)))?.code == .unavailable)
        #expect(machine.answered(stream: 3, serial: 2) == .answer(close: false))
        #expect(machine.answered(stream: 1, serial: 1) == .answer(close: true))
        var idle = ConnectionStateMachine(limits: Limits())
        let idleCloses = idle.drain()
        #expect(idleCloses)
    }

    @Test("case 74: once the other side has gone nothing is answered")
    func gone() {
        var machine = ConnectionStateMachine(limits: Limits())
        _ = machine.received(request(1))
        machine.closed()
        #expect(machine.answered(stream: 1, serial: 1) == .drop)
        #expect(machine.received(request(3)) == .ignore)
    }
}

struct FrameReaderTests {
    func bytes(_ length: UInt32, stream: UInt32 = 1, type: UInt8 = 1, body: Int = 0) -> [UInt8] {
        var frame: [UInt8] = []
        for word in [length, stream] {
            for shift in [24, 16, 8, 0] as [UInt32] { frame.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        frame.append(contentsOf: [type, 0])
        frame.append(contentsOf: [UInt8](repeating: 7, count: body))
        return frame
    }

    func step(_ reader: inout FrameReader, _ bytes: some Collection<UInt8>) -> FrameReader.Step {
        Array(bytes).withUnsafeBytes { reader.next($0) }
    }

    @Test("case 2: a frame is seen when its last byte is there, not before")
    func byByte() {
        let frame = bytes(5, body: 5)
        for count in 0..<frame.count {
            var reader = FrameReader(limits: Limits())
            #expect(step(&reader, frame.prefix(count)) == .incomplete)
        }
        var reader = FrameReader(limits: Limits())
        let header = FrameHeader(length: 5, stream: 1, type: .request)
        #expect(step(&reader, frame) == .frame(header))
    }

    @Test("cases 6, 7: the largest length is accepted, one more is passed over and the next frame found")
    func largest() {
        var reader = FrameReader(limits: Limits())
        #expect(step(&reader, bytes(4_194_304)) == .incomplete)
        let header = FrameHeader(length: 4_194_305, stream: 1, type: .request)
        #expect(step(&reader, bytes(4_194_305)) == .oversize(header, isHopeless: false))
        let part = [UInt8](repeating: 0, count: 4_194_300)
        #expect(step(&reader, part) == .passedOver(4_194_300))
        #expect(step(&reader, bytes(0)) == .passedOver(5))
        #expect(step(&reader, bytes(0)) == .frame(FrameHeader(length: 0, stream: 1, type: .request)))
    }

    @Test("case 10: a length that needs the reserved byte is given up after a while")
    func hopeless() {
        var limits = Limits()
        limits.passedOverBytes = 100
        var reader = FrameReader(limits: limits)
        let header = FrameHeader(length: 0x0100_0000, stream: 1, type: .request)
        #expect(step(&reader, bytes(0x0100_0000)) == .oversize(header, isHopeless: true))
        #expect(step(&reader, [UInt8](repeating: 0, count: 99)) == .passedOver(99))
        #expect(step(&reader, [UInt8](repeating: 0, count: 1)) == .giveUp)
    }
}
