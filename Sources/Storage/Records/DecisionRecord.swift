import Engine

/// A decision as message `Decision`; its sequence is the key.
package enum DecisionRecord {
    package static func encode(_ stored: StoredDecision, into writer: inout ProtobufWriter) {
        let decision = stored.decision
        writer.instant(1, milliseconds: decision.at.milliseconds)
        writer.string(2, decision.user)
        if let campaign = decision.campaign { writer.presentString(3, campaign) }
        if let channel = decision.channel { writer.presentString(4, channel) }
        writer.unsigned(5, decision.code.number)
        writer.string(6, decision.rule)
        writer.members(7, decision.why)
        if let next = decision.next { writer.presentInstant(8, next) }
        writer.fixed(9, decision.send)
        writer.fixed(10, stored.previous)
        if let conversion = decision.conversion { writer.unsigned(11, UInt32(conversion)) }
    }

    package static func decode(
        _ bytes: UnsafeRawBufferPointer,
        sequence: UInt64
    ) throws(ProtobufReader.Fault) -> StoredDecision {
        var reader = ProtobufReader(bytes)
        var decision = Decision(
            sequence: sequence,
            at: .zero,
            user: "",
            campaign: nil,
            code: .delivered,
            rule: ""
        )
        var code: Decision.Code?
        var why: [Object.Member] = []
        var previous: UInt64 = 0
        while let field = try reader.field() {
            switch field {
            case .varint(1): decision.at = try reader.instant()
            case .bytes(2): decision.user = try reader.text()
            case .bytes(3): decision.campaign = try reader.text()
            case .bytes(4): decision.channel = try reader.string()
            case .varint(5): code = Decision.Code(number: try reader.uint32())
            case .bytes(6): decision.rule = try reader.string()
            case .bytes(7): why.append(try reader.member())
            case .varint(8): decision.next = try reader.instant()
            case .fixed64(9): decision.send = try reader.fixed64()
            case .fixed64(10): previous = try reader.fixed64()
            case .varint(11): decision.conversion = Int(try reader.uint32())
            default: try reader.skip(field)
            }
        }
        guard let code else { throw .outOfRange }
        decision.code = code
        decision.why = Object(why)
        return StoredDecision(decision: decision, previous: previous)
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
        }
    }

    private static let byNumber: [UInt32: Self] = Dictionary(uniqueKeysWithValues: allCases.map { ($0.number, $0) })

    init?(number: UInt32) {
        guard let code = Self.byNumber[number] else { return nil }
        self = code
    }
}
