/// What a server does with what comes over one connection: which streams are under way, what is refused, when the
/// connection is done. It does no I/O and holds no promise: frames and ends go in, what is to be done comes out.
struct ConnectionStateMachine {
    enum FrameAction: Equatable {
        /// A call begins, under that serial, if its body decodes and a method answers it.
        case begin(serial: UInt64)
        case refuse(Status)
        case ignore
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

    private var state = State.open
    private var nextSerial: UInt64 = 1
    /// The serial of the call that each stream carries.
    private var underWay: [UInt32: UInt64] = [:]
    private var ended: [UInt32] = []
    private var nextEnded = 0
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
        // docs/protocol.md: on a call under way it means nothing; on one that ended it is late.
        case .data:
            if underWay[header.stream] != nil || ended.contains(header.stream) { return .ignore }
            return .refuse(Status(.invalidArgument, "StreamID is no longer active"))
        case .response, nil: return .ignore
        }
    }

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
        underWay[stream] = serial
        return .begin(serial: serial)
    }

    /// A call has its answer, from its handler or by its deadline.
    mutating func answered(stream: UInt32, serial: UInt64) -> EndAction {
        guard underWay[stream] == serial else { return .drop }
        underWay[stream] = nil
        remember(stream)
        switch state {
        case .open: return .answer(close: false)
        case .draining: return .answer(close: underWay.isEmpty)
        case .closed: return .drop
        }
    }

    private mutating func remember(_ stream: UInt32) {
        if ended.count < Limits.endedStreams {
            ended.append(stream)
        } else {
            ended[nextEnded] = stream
            nextEnded = (nextEnded + 1) % Limits.endedStreams
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
