/// What a server does with what comes over one connection: which streams are under way, what is refused, when the
/// connection is done. It does no I/O and holds no promise: frames and ends go in, what is to be done comes out.
struct ConnectionStateMachine {
    enum FrameAction: Equatable {
        /// A call begins, under that serial, if its body decodes and a method answers it.
        case begin(serial: UInt64)
        case refuse(Status)
        case ignore
        /// A message of a stream under way; with `isLast` nothing follows it.
        case message(isLast: Bool)
        /// The other side sends nothing more on its stream.
        case halfClose
        /// What came ends the stream under way.
        case fail(serial: UInt64, Status)
    }

    enum EndAction: Equatable {
        /// Its answer goes out; with `close` as the last thing on this connection.
        case answer(close: Bool)
        /// It was answered before, or its caller has gone.
        case drop
    }

    private enum State {
        case open
        /// Nothing new is begun; what is under way is answered, then the connection closes.
        case draining
        case closed
    }

    private struct UnderWay {
        let serial: UInt64
        var input = Input.none
    }

    /// What may still come for what is under way.
    private enum Input {
        /// It is a unary call, or a stream whose client sends its request alone.
        case none
        case open
        /// The client said that this was all.
        case closed
    }

    private var state = State.open
    private var nextSerial: UInt64 = 1
    private var underWay: [UInt32: UnderWay] = [:]
    private var ended = EndedStreams()
    let limits: Limits

    init(limits: Limits) {
        self.limits = limits
    }

    var isIdle: Bool { underWay.isEmpty }
    var isDraining: Bool {
        switch state {
        case .open: false
        case .draining, .closed: true
        }
    }

    /// A whole frame has come.
    mutating func received(_ header: FrameHeader) -> FrameAction {
        switch state {
        case .closed: return .ignore
        case .open, .draining: break
        }
        guard header.stream % 2 == 1 else {
            return .refuse(Status(.invalidArgument, "StreamID must be odd for client initiated streams"))
        }
        switch FrameType(rawValue: header.type) {
        case .request: return request(header.stream)
        case .data: return data(header)
        case .response, nil: return .ignore
        }
    }

    private mutating func data(_ header: FrameHeader) -> FrameAction {
        let stream = header.stream
        guard let call = underWay[stream] else {
            // docs/protocol.md: on a stream that ended it is late; one that never was is told once.
            if ended.contains(stream) { return .ignore }
            ended.insert(stream)
            return .refuse(Status(.invalidArgument, "StreamID is no longer active"))
        }
        let isMessage = header.flags & FrameFlag.noData == 0
        let isLast = header.flags & FrameFlag.remoteClosed != 0
        switch call.input {
        case .none: return .ignore
        case .closed:
            guard isMessage else { return .ignore }  // It says again that this was all.
            return .fail(serial: call.serial, Status(.invalidArgument, "data handling error: ttrpc: stream closed"))
        case .open:
            // docs/protocol.md: while the server ends, streams take nothing more.
            if isDraining { return .ignore }
            if isLast { underWay[stream]?.input = .closed }
            if isMessage { return .message(isLast: isLast) }
            return isLast ? .halfClose : .ignore
        }
    }

    /// What was begun on that stream is a stream that takes messages.
    mutating func takesMessages(_ stream: UInt32) {
        underWay[stream]?.input = .open
    }

    /// Of what is under way there.
    func serial(of stream: UInt32) -> UInt64? { underWay[stream]?.serial }

    private mutating func request(_ stream: UInt32) -> FrameAction {
        // docs/protocol.md: odd and not under way; ids need not grow.
        guard underWay[stream] == nil else {
            return .refuse(Status(.invalidArgument, "StreamID cannot be re-used and must increment"))
        }
        if isDraining { return .refuse(Status(.unavailable, "the server is shutting down")) }
        guard underWay.count < limits.callsUnderWay else {
            return .refuse(
                Status(.resourceExhausted, "\(limits.callsUnderWay) calls are under way on this connection already")
            )
        }
        let serial = nextSerial
        nextSerial += 1
        underWay[stream] = UnderWay(serial: serial)
        return .begin(serial: serial)
    }

    /// A call has its answer, from its handler or by its deadline.
    mutating func answered(stream: UInt32, serial: UInt64) -> EndAction {
        guard underWay[stream]?.serial == serial else { return .drop }
        underWay[stream] = nil
        ended.insert(stream)
        switch state {
        case .open: return .answer(close: false)
        case .draining: return .answer(close: underWay.isEmpty)
        case .closed: return .drop
        }
    }

    /// The server shuts down. Gives whether the connection closes at once.
    mutating func drain() -> Bool {
        switch state {
        case .open:
            state = .draining
            return underWay.isEmpty
        case .draining, .closed: return false
        }
    }

    /// The other side has gone.
    mutating func closed() {
        state = .closed
        underWay = [:]
    }
}

/// The ids that ended last, of which something may still be on its way.
private struct EndedStreams {
    private var ids: [UInt32] = []
    private var next = 0

    func contains(_ id: UInt32) -> Bool { ids.contains(id) }

    mutating func insert(_ id: UInt32) {
        guard ids.count == Limits.endedStreams else { return ids.append(id) }
        ids[next] = id
        next = (next + 1) % Limits.endedStreams
    }
}
