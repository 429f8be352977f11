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
                if let previous = receipt.previous { writer.presentInstant(4, previous) }
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
            }
        }
        for claim in state.claims {
            writer.message(5) { writer in
                writer.fixed(1, claim.send)
                writer.unsigned(2, claim.campaign)
                writer.string(3, claim.channel)
                writer.instant(4, milliseconds: claim.at.milliseconds)
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
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> UserState {
        var reader = ProtobufReader(bytes)
        var state = UserState()
        var profile: [Object.Member] = []
        while let field = try reader.field() {
            switch field {
            case .bytes(1): profile.append(try reader.member())
            case .bytes(2): state.receipts.append(try reader.receipt())
            case .bytes(3): state.waits.append(try reader.wait())
            case .bytes(4): state.queue.append(try reader.queueEntry())
            case .bytes(5): state.claims.append(try reader.claim())
            case .bytes(6): state.seenExceptions.append(try reader.seenException())
            case .varint(7): state.lastSession = try reader.instant()
            case .varint(8): state.lastShown = try reader.instant()
            case .fixed64(9): state.lastDecision = try reader.fixed64()
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
        }
    }

    fileprivate mutating func lease(_ field: UInt32, _ lease: Lease) {
        message(field) { writer in
            writer.fixed(1, lease.token)
            writer.instant(2, milliseconds: lease.ends.milliseconds)
            writer.string(3, lease.device)
            writer.boolean(4, lease.isExcepted)
        }
    }
}

extension ProtobufReader {
    mutating func instant() throws(Fault) -> Instant {
        Instant(milliseconds: try int64())
    }

    fileprivate mutating func receipt() throws(Fault) -> Receipt {
        var reader = try message()
        var receipt = Receipt(campaign: 0, at: .zero, send: 0, isCertain: false)
        while let field = try reader.field() {
            switch field {
            case .varint(1): receipt.campaign = try reader.uint32()
            case .varint(2): receipt.at = try reader.instant()
            case .fixed64(3): receipt.send = try reader.fixed64()
            case .varint(4): receipt.previous = try reader.instant()
            case .varint(5): receipt.isCertain = try reader.boolean()
            default: try reader.skip(field)
            }
        }
        return receipt
    }

    fileprivate mutating func wait() throws(Fault) -> Wait {
        var reader = try message()
        var wait = Wait.empty
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
            default: try reader.skip(field)
            }
        }
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
            case .bytes(3): lease.device = try reader.string()
            case .varint(4): lease.isExcepted = try reader.boolean()
            default: try reader.skip(field)
            }
        }
        return lease
    }

    fileprivate mutating func claim() throws(Fault) -> Claim {
        var reader = try message()
        var claim = Claim(send: 0, campaign: 0, channel: "", at: .zero)
        while let field = try reader.field() {
            switch field {
            case .fixed64(1): claim.send = try reader.fixed64()
            case .varint(2): claim.campaign = try reader.uint32()
            case .bytes(3): claim.channel = try reader.string()
            case .varint(4): claim.at = try reader.instant()
            default: try reader.skip(field)
            }
        }
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
