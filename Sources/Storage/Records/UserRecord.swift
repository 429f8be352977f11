import Engine

/// A user's state as message `User`: read and written for every event, so both are straight walks.
package enum UserRecord {
    package static func encode(_ state: UserState, into writer: inout ProtobufWriter) {
        writer.members(1, state.profile)
        for receipt in state.receipts {
            writer.message(2) { writer in
                writer.unsigned(1, receipt.campaign)
                writer.instant(2, milliseconds: receipt.at.milliseconds)
                writer.fixed(3, receipt.send)
                writer.boolean(5, receipt.isCertain)
            }
        }
        for wait in state.waits { writer.wait(3, wait) }
        for entry in state.queue {
            writer.message(4) { writer in
                writer.wait(1, entry.wait)
                writer.string(2, entry.channel)
                writer.fixed(3, entry.sequence)
                writer.instant(4, milliseconds: entry.available.milliseconds)
                writer.instant(5, milliseconds: entry.expires.milliseconds)
                if let lease = entry.lease { writer.lease(6, lease) }
                if let held = entry.heldUntil { writer.presentInstant(7, held) }
            }
        }
        for claim in state.claims {
            writer.message(5) { writer in
                writer.fixed(1, claim.send)
                writer.unsigned(2, claim.campaign)
                writer.string(3, claim.channel)
                writer.instant(4, milliseconds: claim.at.milliseconds)
                writer.unsigned(5, claim.version.version)
                writer.unsigned(6, UInt32(claim.depth))
                writer.fixed(7, claim.chain)
                writer.boolean(8, claim.tookSlot)
                writer.fixed(9, claim.number)
                writer.boolean(10, claim.isWithdrawn)
                writer.boolean(11, claim.isReaddressed)
            }
        }
        for seen in state.seenExceptions {
            writer.message(6) { writer in
                writer.unsigned(1, seen.campaign)
                writer.fixed(2, seen.occurrence)
                writer.instant(3, milliseconds: seen.time.milliseconds)
                if let same = seen.same { writer.value(4, same) }
            }
        }
        if let last = state.lastSession { writer.presentInstant(7, last) }
        if let last = state.lastShown { writer.presentInstant(8, last) }
        writer.fixed(9, state.lastDecision)
        encodePast(state, into: &writer)
    }

    private static func encodePast(_ state: UserState, into writer: inout ProtobufWriter) {
        for count in state.counts {
            writer.message(10) { writer in
                writer.string(1, count.event)
                writer.instant(2, milliseconds: count.count)
                writer.instant(3, milliseconds: count.last.milliseconds)
            }
        }
        for happened in state.happened {
            writer.message(11) { writer in
                writer.string(1, happened.event)
                writer.instant(2, milliseconds: happened.at.milliseconds)
            }
        }
        for spent in state.spent {
            writer.message(12) { writer in
                writer.string(1, spent.currency)
                if let at = spent.at { writer.presentInstant(3, at) }
                writer.string(4, spent.amount.description)
            }
        }
        for engagement in state.engagements { writer.presentInstant(13, engagement) }
        if let position = state.position {
            writer.message(14) { writer in
                writer.fixed(1, position.latitude.bitPattern)
                writer.fixed(2, position.longitude.bitPattern)
                writer.instant(3, milliseconds: position.at.milliseconds)
            }
        }
        for window in state.conversionWindows {
            writer.message(15) { writer in
                writer.unsigned(1, window.version.number)
                writer.unsigned(2, window.version.version)
                writer.fixed(3, window.send)
                if let channel = window.channel { writer.presentString(4, channel) }
                writer.instant(5, milliseconds: window.opened.milliseconds)
                for credited in window.credited { writer.presentUnsigned(6, UInt64(credited)) }
                writer.boolean(7, window.isPending)
                for credit in window.unrecorded { writer.credit(8, credit) }
            }
        }
        for counted in state.counted {
            writer.message(16) { writer in
                writer.string(1, counted.channel)
                writer.fixed(2, counted.send)
                writer.instant(3, milliseconds: counted.at.milliseconds)
            }
        }
        for place in state.places {
            writer.message(17) { writer in
                writer.unsigned(1, place.campaign)
                writer.fixed(2, place.send)
            }
        }
        for chain in state.chains {
            writer.message(18) { writer in
                writer.fixed(1, chain.id)
                writer.unsigned(2, chain.campaign)
                writer.unsigned(3, chain.starts)
            }
        }
        for misses in state.nearMisses { writer.nearMisses(19, misses) }
        for since in state.pushTokensSince { writer.presentInstant(20, since) }
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> UserState {
        var reader = ProtobufReader(bytes)
        var state = UserState()
        var profile: [Object.Member] = []
        while let field = try reader.field() {
            switch field {
            case .bytes(1): profile.append(try reader.member())
            case .bytes(2): state.receipts += try reader.receipts()
            case .bytes(3): state.waits.append(try reader.wait())
            case .bytes(4): state.queue.append(try reader.queueEntry())
            case .bytes(5): state.claims.append(try reader.claim())
            case .bytes(6): state.seenExceptions.append(try reader.seenException())
            case .varint(7): state.lastSession = try reader.instant()
            case .varint(8): state.lastShown = try reader.instant()
            case .fixed64(9): state.lastDecision = try reader.fixed64()
            case .bytes(10): state.counts.append(try reader.eventCount())
            case .bytes(11): state.happened.append(try reader.happened())
            case .bytes(12): state.spent.append(try reader.spent())
            case .varint(13): state.engagements.append(try reader.instant())
            case .bytes(14): state.position = try reader.position()
            case .bytes(15): state.conversionWindows.append(try reader.conversionWindow())
            case .bytes(16): state.counted.append(try reader.countedMessage())
            case .bytes(17): state.places.append(try reader.place())
            case .bytes(18): state.chains.append(try reader.chain())
            case .bytes(19): state.nearMisses.append(try reader.nearMisses())
            case .varint(20): state.pushTokensSince.append(try reader.instant())
            default: try reader.skip(field)
            }
        }
        state.profile = Object(profile)
        return state
    }
}

extension ProtobufWriter {
    /// An instant of a oneof: written even where it is zero.
    mutating func presentInstant(_ field: UInt32, _ instant: Instant) {
        presentUnsigned(field, UInt64(bitPattern: instant.milliseconds))
    }

    fileprivate mutating func wait(_ field: UInt32, _ wait: Wait) {
        message(field) { writer in
            writer.fixed(1, wait.send)
            writer.unsigned(2, wait.version.number)
            writer.unsigned(3, wait.version.version)
            writer.unsigned(4, wait.epoch)
            writer.instant(5, milliseconds: wait.trigger.milliseconds)
            writer.instant(6, milliseconds: wait.due.milliseconds)
            writer.members(7, wait.properties)
            // Where it was never held, the two are one.
            if wait.firstDue != wait.due { writer.presentInstant(8, wait.firstDue) }
            writer.boolean(9, wait.isRateLimited)
            writer.unsigned(10, UInt32(wait.depth))
            writer.fixed(11, wait.chain)
            // Of most it is the trigger.
            if wait.firstTrigger != wait.trigger { writer.presentInstant(12, wait.firstTrigger) }
        }
    }

    fileprivate mutating func lease(_ field: UInt32, _ lease: Lease) {
        message(field) { writer in
            writer.fixed(1, lease.token)
            writer.instant(2, milliseconds: lease.ends.milliseconds)
            writer.string(3, lease.device)
            if let exception = lease.exception {
                writer.message(5) { writer in
                    writer.string(1, exception.name)
                    writer.instant(2, milliseconds: exception.time.milliseconds)
                    writer.unsigned(3, UInt32(exception.depth))
                    writer.fixed(4, exception.chain)
                    writer.boolean(5, exception.isTrigger)
                    writer.boolean(6, exception.raises)
                }
            }
        }
    }

    fileprivate mutating func credit(_ field: UInt32, _ credit: Credit) {
        message(field) { writer in
            writer.unsigned(1, UInt32(credit.place))
            writer.fixed(2, credit.event)
            writer.string(3, credit.name)
            writer.instant(4, milliseconds: credit.time.milliseconds)
            writer.instant(5, milliseconds: credit.receivedAt.milliseconds)
            writer.unsigned(6, UInt32(credit.depth))
            writer.fixed(7, credit.chain)
            writer.boolean(8, credit.raises)
        }
    }
}

extension ProtobufReader {
    mutating func instant() throws(Fault) -> Instant {
        Instant(milliseconds: try int64())
    }

    /// Older records have in one that is reserved the last that was certain.
    fileprivate mutating func receipts() throws(Fault) -> [Receipt] {
        var reader = try message()
        var previous: Receipt?
        var receipt = Receipt(campaign: 0, at: .zero, send: 0, isCertain: false)
        while let field = try reader.field() {
            switch field {
            case .varint(1): receipt.campaign = try reader.uint32()
            case .varint(2): receipt.at = try reader.instant()
            case .fixed64(3): receipt.send = try reader.fixed64()
            case .varint(4):
                previous = Receipt(campaign: receipt.campaign, at: try reader.instant(), send: 0, isCertain: true)
            case .varint(5): receipt.isCertain = try reader.boolean()
            default: try reader.skip(field)
            }
        }
        return [previous, receipt].compactMap(\.self)
    }

    fileprivate mutating func wait() throws(Fault) -> Wait {
        var reader = try message()
        var wait = Wait.empty
        var (firstDue, firstTrigger): (Instant?, Instant?)
        var properties: [Object.Member] = []
        while let field = try reader.field() {
            switch field {
            case .fixed64(1): wait.send = try reader.fixed64()
            case .varint(2): wait.version.number = try reader.uint32()
            case .varint(3): wait.version.version = try reader.uint32()
            case .varint(4): wait.epoch = try reader.uint32()
            case .varint(5): wait.trigger = try reader.instant()
            case .varint(6): wait.due = try reader.instant()
            case .bytes(7): properties.append(try reader.member())
            case .varint(8): firstDue = try reader.instant()
            case .varint(9): wait.isRateLimited = try reader.boolean()
            case .varint(10): wait.depth = try reader.uint8()
            case .fixed64(11): wait.chain = try reader.fixed64()
            case .varint(12): firstTrigger = try reader.instant()
            default: try reader.skip(field)
            }
        }
        wait.firstDue = firstDue ?? wait.due
        wait.firstTrigger = firstTrigger ?? wait.trigger
        wait.properties = Object(properties)
        return wait
    }

    fileprivate mutating func queueEntry() throws(Fault) -> QueueEntry {
        var reader = try message()
        var entry = QueueEntry(wait: .empty, channel: "", sequence: 0, available: .zero, expires: .zero)
        while let field = try reader.field() {
            switch field {
            case .bytes(1): entry.wait = try reader.wait()
            case .bytes(2): entry.channel = try reader.string()
            case .fixed64(3): entry.sequence = try reader.fixed64()
            case .varint(4): entry.available = try reader.instant()
            case .varint(5): entry.expires = try reader.instant()
            case .bytes(6): entry.lease = try reader.lease()
            case .varint(7): entry.heldUntil = try reader.instant()
            default: try reader.skip(field)
            }
        }
        return entry
    }

    fileprivate mutating func lease() throws(Fault) -> Lease {
        var reader = try message()
        var lease = Lease(token: 0, ends: .zero, device: "")
        while let field = try reader.field() {
            switch field {
            case .fixed64(1): lease.token = try reader.fixed64()
            case .varint(2): lease.ends = try reader.instant()
            case .bytes(3): lease.device = try reader.text()
            case .varint(4):
                guard try reader.boolean() else { continue }
                // Of an older record, which does not say what it was.
                lease.exception = LeaseException(
                    name: "",
                    time: lease.ends,
                    depth: 0,
                    chain: 0,
                    isTrigger: false,
                    raises: true
                )
            case .bytes(5): lease.exception = try reader.leaseException()
            default: try reader.skip(field)
            }
        }
        return lease
    }

    private mutating func leaseException() throws(Fault) -> LeaseException {
        var reader = try message()
        var exception = LeaseException(
            name: "",
            time: .zero,
            depth: 0,
            chain: 0,
            isTrigger: false,
            raises: false
        )
        while let field = try reader.field() {
            switch field {
            case .bytes(1): exception.name = try reader.string()
            case .varint(2): exception.time = try reader.instant()
            case .varint(3): exception.depth = try reader.uint8()
            case .fixed64(4): exception.chain = try reader.fixed64()
            case .varint(5): exception.isTrigger = try reader.boolean()
            case .varint(6): exception.raises = try reader.boolean()
            default: try reader.skip(field)
            }
        }
        return exception
    }

    private mutating func credit() throws(Fault) -> Credit {
        var reader = try message()
        var credit = Credit(
            place: 0,
            event: 0,
            name: "",
            time: .zero,
            receivedAt: .zero,
            depth: 0,
            chain: 0,
            raises: false
        )
        while let field = try reader.field() {
            switch field {
            case .varint(1): credit.place = Int(try reader.uint32())
            case .fixed64(2): credit.event = try reader.fixed64()
            case .bytes(3): credit.name = try reader.string()
            case .varint(4): credit.time = try reader.instant()
            case .varint(5): credit.receivedAt = try reader.instant()
            case .varint(6): credit.depth = try reader.uint8()
            case .fixed64(7): credit.chain = try reader.fixed64()
            case .varint(8): credit.raises = try reader.boolean()
            default: try reader.skip(field)
            }
        }
        return credit
    }

    fileprivate mutating func claim() throws(Fault) -> Claim {
        var reader = try message()
        var claim = Claim(send: 0, campaign: 0, channel: "", at: .zero)
        claim.version.version = 0
        while let field = try reader.field() {
            switch field {
            case .fixed64(1): claim.send = try reader.fixed64()
            case .varint(2): claim.campaign = try reader.uint32()
            case .bytes(3): claim.channel = try reader.string()
            case .varint(4): claim.at = try reader.instant()
            case .varint(5): claim.version.version = try reader.uint32()
            case .varint(6): claim.depth = try reader.uint8()
            case .fixed64(7): claim.chain = try reader.fixed64()
            case .varint(8): claim.tookSlot = try reader.boolean()
            case .fixed64(9): claim.number = try reader.fixed64()
            case .varint(10): claim.isWithdrawn = try reader.boolean()
            case .varint(11): claim.isReaddressed = try reader.boolean()
            default: try reader.skip(field)
            }
        }
        claim.version.number = claim.campaign
        return claim
    }

    fileprivate mutating func seenException() throws(Fault) -> SeenException {
        var reader = try message()
        var seen = SeenException(campaign: 0, occurrence: 0, time: .zero, same: nil)
        while let field = try reader.field() {
            switch field {
            case .varint(1): seen.campaign = try reader.uint32()
            case .fixed64(2): seen.occurrence = try reader.fixed64()
            case .varint(3): seen.time = try reader.instant()
            case .bytes(4): seen.same = try reader.value()
            default: try reader.skip(field)
            }
        }
        return seen
    }
}

extension ProtobufReader {
    fileprivate mutating func uint8() throws(Fault) -> UInt8 {
        guard let value = UInt8(exactly: try uint32()) else { throw .outOfRange }
        return value
    }

    fileprivate mutating func eventCount() throws(Fault) -> EventCount {
        var reader = try message()
        var count = EventCount(event: "", count: 0, last: .zero)
        while let field = try reader.field() {
            switch field {
            case .bytes(1): count.event = try reader.text()
            case .varint(2): count.count = try reader.int64()
            case .varint(3): count.last = try reader.instant()
            default: try reader.skip(field)
            }
        }
        return count
    }

    fileprivate mutating func happened() throws(Fault) -> Happened {
        var reader = try message()
        var happened = Happened(event: "", at: .zero)
        while let field = try reader.field() {
            switch field {
            case .bytes(1): happened.event = try reader.text()
            case .varint(2): happened.at = try reader.instant()
            default: try reader.skip(field)
            }
        }
        return happened
    }

    fileprivate mutating func spent() throws(Fault) -> Spent {
        var reader = try message()
        var spent = Spent(currency: "", amount: .zero, at: nil)
        while let field = try reader.field() {
            switch field {
            case .bytes(1): spent.currency = try reader.text()
            // Older records count in millionths.
            case .varint(2): spent.amount = ExactDecimal("\(try reader.int64())e-6") ?? .zero
            case .bytes(4):
                guard let amount = ExactDecimal(try reader.string()) else { throw .outOfRange }
                spent.amount = amount
            case .varint(3): spent.at = try reader.instant()
            default: try reader.skip(field)
            }
        }
        return spent
    }

    fileprivate mutating func position() throws(Fault) -> Position {
        var reader = try message()
        var position = Position(latitude: 0, longitude: 0, at: .zero)
        while let field = try reader.field() {
            switch field {
            case .fixed64(1): position.latitude = Double(bitPattern: try reader.fixed64())
            case .fixed64(2): position.longitude = Double(bitPattern: try reader.fixed64())
            case .varint(3): position.at = try reader.instant()
            default: try reader.skip(field)
            }
        }
        return position
    }

    fileprivate mutating func conversionWindow() throws(Fault) -> ConversionWindow {
        var reader = try message()
        var window = ConversionWindow(
            version: CampaignVersion(number: 0, version: 0),
            send: 0,
            channel: nil,
            opened: .zero
        )
        while let field = try reader.field() {
            switch field {
            case .varint(1): window.version.number = try reader.uint32()
            case .varint(2): window.version.version = try reader.uint32()
            case .fixed64(3): window.send = try reader.fixed64()
            case .bytes(4): window.channel = try reader.string()
            case .varint(5): window.opened = try reader.instant()
            case .varint(6): window.credited.append(Int(try reader.uint32()))
            case .varint(7): window.isPending = try reader.boolean()
            case .bytes(8): window.unrecorded.append(try reader.credit())
            default: try reader.skip(field)
            }
        }
        return window
    }

    fileprivate mutating func countedMessage() throws(Fault) -> CountedMessage {
        var reader = try message()
        var counted = CountedMessage(channel: "", send: 0, at: .zero)
        while let field = try reader.field() {
            switch field {
            case .bytes(1): counted.channel = try reader.string()
            case .fixed64(2): counted.send = try reader.fixed64()
            case .varint(3): counted.at = try reader.instant()
            default: try reader.skip(field)
            }
        }
        return counted
    }

    fileprivate mutating func place() throws(Fault) -> Place {
        var reader = try message()
        var place = Place(campaign: 0, send: 0)
        while let field = try reader.field() {
            switch field {
            case .varint(1): place.campaign = try reader.uint32()
            case .fixed64(2): place.send = try reader.fixed64()
            default: try reader.skip(field)
            }
        }
        return place
    }

    fileprivate mutating func chain() throws(Fault) -> Chain {
        var reader = try message()
        var chain = Chain(id: 0, campaign: 0, starts: 0)
        while let field = try reader.field() {
            switch field {
            case .fixed64(1): chain.id = try reader.fixed64()
            case .varint(2): chain.campaign = try reader.uint32()
            case .varint(3): chain.starts = try reader.uint32()
            default: try reader.skip(field)
            }
        }
        return chain
    }
}

extension Instant {
    static let zero = Instant(milliseconds: 0)
}

extension Wait {
    fileprivate static let empty = Wait(
        send: 0,
        version: CampaignVersion(number: 0, version: 0),
        epoch: 0,
        trigger: .zero,
        due: .zero,
        properties: Object()
    )
}
