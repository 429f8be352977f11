import Engine

/// A code as the enumeration `Code`: one that this program does not know is damage.
extension Decision.Code: SingleType {
    static var typeName: String { "Code" }
    static var wire: ProtobufReader.Wire { .varint }
    var isLeftOut: Bool { false }
    var shown: Value { .string(rawValue) }

    @inline(__always)
    mutating func writePresent(_ number: UInt32, to writer: inout ProtobufWriter) {
        writer.presentUnsigned(number, UInt64(self.number))
    }

    static func read(from reader: inout ProtobufReader) throws(ProtobufReader.Fault) -> Self {
        guard let code = Self(number: try reader.uint32()) else { throw .outOfRange }
        return code
    }
}

/// A code where one that this program does not know is no damage.
struct CodeNumber: SingleType {
    var number: UInt32 = 0

    var code: Decision.Code? { Decision.Code(number: number) }

    static var typeName: String { Decision.Code.typeName }
    static var wire: ProtobufReader.Wire { .varint }
    var isLeftOut: Bool { number == 0 }
    var shown: Value { code?.shown ?? .integer(Int64(number)) }

    mutating func writePresent(_ number: UInt32, to writer: inout ProtobufWriter) {
        writer.presentUnsigned(number, UInt64(self.number))
    }

    static func read(from reader: inout ProtobufReader) throws(ProtobufReader.Fault) -> Self {
        Self(number: try reader.uint32())
    }
}

extension CodeNumber {
    init(_ code: Decision.Code) {
        self.init(number: code.number)
    }
}

extension Decision.Code {
    /// Its number on disk, for ever.
    var number: UInt32 {
        switch self {
        case .delivered: 1
        case .scheduled: 2
        case .queuedInApp: 3
        case .rescheduledByTrigger: 4
        case .cancelledByException: 5
        case .eventBeforeLaunch: 6
        case .campaignNotLive: 7
        case .campaignStopped: 8
        case .propertyFilterMismatch: 9
        case .alreadyReceived: 10
        case .reEligibilityPending: 11
        case .templateAborted: 12
        case .templateError: 13
        case .unsubscribed: 14
        case .noPushToken: 15
        case .noEmail: 16
        case .noAddress: 17
        case .hardBounced: 18
        case .spamMarked: 19
        case .providerRejected: 20
        case .providerGaveUp: 21
        case .duplicateEvent: 22
        case .inAppExpired: 23
        case .alreadyQueued: 24
        case .inAppLowerPriority: 25
        case .inAppMinimumInterval: 26
        case .converted: 27
        case .deferredWindow: 28
        case .deferredQuietHours: 29
        case .deferredRateLimit: 30
        case .beforeStart: 31
        case .afterEnd: 32
        case .outsideWindowAtTrigger: 33
        case .outsideWindowAtSend: 34
        case .notInSegmentAtTrigger: 35
        case .notInSegmentAtSend: 36
        case .delayInvalid: 37
        case .quietHoursAborted: 38
        case .frequencyCapped: 39
        case .rateLimitExpired: 40
        case .volumeCapReached: 41
        case .controlGroup: 42
        case .globalControl: 43
        case .notOptedIn: 44
        case .eventTooOld: 45
        case .noSession: 46
        case .chainTooDeep: 47
        case .deferredProvider: 48
        case .redriven: 49
        case .inAppHeld: 50
        case .tooManyWaiting: 51
        case .campaignDeleted: 52
        }
    }

    /// By number; nil where none has it.
    private static let byNumber: [Self?] = {
        var codes = [Self?](repeating: nil, count: 1 + Int(allCases.map(\.number).max() ?? 0))
        for code in allCases { codes[Int(code.number)] = code }
        return codes
    }()

    init?(number: UInt32) {
        guard Self.byNumber.indices.contains(Int(number)), let code = Self.byNumber[Int(number)] else { return nil }
        self = code
    }
}
