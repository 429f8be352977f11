import Engine
import Storage

/// A commit as bytes, each record by the real codec; the keys stand before them in a form of the log's own.
enum CommitCoding {
    private enum Kind: UInt64 {
        case user = 1
        case deletedUser, token, timer, timerGone, decision, item, message, messageGone, state, stateGone
        case letter, letterGone, campaign, campaignGone, tally, tallyGone, workspace, event, erasure, erasureEnded
    }

    static func encode(_ changes: Changes) -> [UInt8] {
        var log = ProtobufWriter()
        func put(
            _ kind: Kind,
            _ key: (inout ProtobufWriter) -> Void,
            _ value: (inout ProtobufWriter) -> Void = { _ in }
        ) {
            log.varint(kind.rawValue)
            log.message(1, key)
            log.message(2, value)
        }
        for id in changes.deletedUsers { put(.deletedUser, { $0.utf8(id) }) }
        for (id, state) in changes.users { put(.user, { $0.utf8(id) }, { UserRecord.encode(state, into: &$0) }) }
        for (token, owner) in changes.tokenOwners {
            put(.token, { $0.utf8(token) }, { $0.presentString(1, owner ?? "") })
        }
        for timer in changes.timersAdded { put(.timer, { $0.key(timer) }, { TimerRecord.encode(timer, into: &$0) }) }
        for timer in changes.timersRemoved { put(.timerGone, { $0.key(timer) }) }
        for stored in changes.decisions {
            put(.decision, { $0.varint(stored.decision.sequence) }, { DecisionRecord.encode(stored, into: &$0) })
        }
        for (id, receipt) in changes.items { put(.item, { $0.key(id) }, { ItemRecord.encode(receipt, into: &$0) }) }
        for message in changes.outboxAdded {
            put(.message, { $0.key(message.place) }, { OutboxRecord.encode(message, into: &$0) })
        }
        for (place, state) in changes.outboxStates {
            put(.state, { $0.key(place) }, { OutboxStateRecord.encode(state, into: &$0) })
        }
        for place in changes.outboxRemoved { put(.messageGone, { $0.key(place) }) }
        for place in changes.outboxStatesRemoved { put(.stateGone, { $0.key(place) }) }
        for letter in changes.deadLettersAdded {
            put(.letter, { $0.varint(letter.message.number) }, { DeadLetterRecord.encode(letter, into: &$0) })
        }
        for number in changes.deadLettersRemoved { put(.letterGone, { $0.varint(number) }) }
        for version in changes.campaignsRemoved { put(.campaignGone, { $0.key(version) }) }
        for number in changes.talliesRemoved { put(.tallyGone, { $0.varint(UInt64(number)) }) }
        for record in changes.campaigns {
            put(
                .campaign,
                { $0.key(CampaignVersion(number: record.head.number, version: record.version)) },
                { record.encode(into: &$0) }
            )
        }
        for (number, tally) in changes.tallies {
            put(.tally, { $0.varint(UInt64(number)) }, { TallyRecord.encode(tally, into: &$0) })
        }
        if let workspace = changes.workspace {
            put(.workspace, { _ in }, { writer in workspace.withUnsafeBytes { writer.append($0) } })
        }
        for event in changes.events { put(.event, { $0.key(event) }, { EventRecord.encode(event, into: &$0) }) }
        for (user, erasure) in changes.erasures {
            put(.erasure, { $0.utf8(user) }, { ErasureRecord.encode(erasure, into: &$0) })
        }
        for user in changes.erasuresEnded { put(.erasureEnded, { $0.utf8(user) }) }
        return Array(log.bytes)
    }

    static func decode(_ payload: ArraySlice<UInt8>) throws(ProtobufReader.Fault) -> Changes {
        try payload.withUnsafeBytes { bytes in
            Result { () throws(ProtobufReader.Fault) in
                var log = ProtobufReader(bytes)
                var changes = Changes()
                while !log.isAtEnd {
                    guard let kind = Kind(rawValue: try log.varint()) else { throw .outOfRange }
                    _ = try log.field()
                    let key = try log.bytes()
                    _ = try log.field()
                    try add(kind, key, try log.bytes(), to: &changes)
                }
                return changes
            }
        }.get()
    }

    private static func add(
        _ kind: Kind,
        _ keyBytes: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer,
        to changes: inout Changes
    ) throws(ProtobufReader.Fault) {
        var key = ProtobufReader(keyBytes)
        switch kind {
        case .user: changes.users.append((try key.restAsText(), try UserRecord.decode(value)))
        case .deletedUser: changes.deletedUsers.append(try key.restAsText())
        case .token:
            var reader = ProtobufReader(value)
            _ = try reader.field()
            let owner = try reader.text()
            changes.tokenOwners.append((try key.restAsText(), owner.isEmpty ? nil : owner))
        case .timer:
            var timer = try key.timer()
            try TimerRecord.decode(value, into: &timer)
            changes.timersAdded.append(timer)
        case .timerGone: changes.timersRemoved.append(try key.timer())
        case .decision: changes.decisions.append(try DecisionRecord.decode(value, sequence: try key.varint()))
        case .item: changes.items.append((try key.itemID(), try ItemRecord.decode(value)))
        case .message: changes.outboxAdded.append(try OutboxRecord.decode(value))
        case .messageGone: changes.outboxRemoved.append(try key.place())
        case .state: changes.outboxStates.append((try key.place(), try OutboxStateRecord.decode(value)))
        case .stateGone: changes.outboxStatesRemoved.append(try key.place())
        case .letter: changes.deadLettersAdded.append(try DeadLetterRecord.decode(value))
        case .letterGone: changes.deadLettersRemoved.append(try key.varint())
        case .campaign: changes.campaigns.append(try CampaignRecord.decode(value, try key.campaignVersion()))
        case .tally:
            changes.tallies[CampaignNumber(truncatingIfNeeded: try key.varint())] = try TallyRecord.decode(value)
        case .campaignGone: changes.campaignsRemoved.append(try key.campaignVersion())
        case .tallyGone: changes.talliesRemoved.append(CampaignNumber(truncatingIfNeeded: try key.varint()))
        case .workspace: changes.workspace = Array(value)
        case .event:
            let (at, sequence) = (Instant(milliseconds: Int64(bitPattern: try key.varint())), try key.varint())
            changes.events.append(try EventRecord.decode(value, receivedAt: at, sequence: sequence))
        case .erasure: changes.erasures.append((try key.restAsText(), try ErasureRecord.decode(value)))
        case .erasureEnded: changes.erasuresEnded.append(try key.restAsText())
        }
    }
}

extension ProtobufWriter {
    fileprivate mutating func key(_ timer: Timer) {
        varint(UInt64(bitPattern: timer.at.milliseconds))
        varint(timer.send)
        utf8(timer.user)
    }

    fileprivate mutating func key(_ id: ItemID) {
        presentString(1, id.user)
        presentString(2, id.id)
    }

    fileprivate mutating func key(_ place: OutboxPlace) {
        varint(place.number)
        utf8(place.channel)
    }

    fileprivate mutating func key(_ version: CampaignVersion) {
        varint(UInt64(version.number))
        varint(UInt64(version.version))
    }

    fileprivate mutating func key(_ event: StoredEvent) {
        varint(UInt64(bitPattern: event.receivedAt.milliseconds))
        varint(event.sequence)
    }
}

extension ProtobufReader {
    fileprivate mutating func timer() throws(Fault) -> Timer {
        let (at, send) = (Instant(milliseconds: Int64(bitPattern: try varint())), try varint())
        return Timer(at: at, send: send, user: try restAsText(), campaign: 0)
    }

    fileprivate mutating func itemID() throws(Fault) -> ItemID {
        _ = try field()
        let user = try text()
        _ = try field()
        return ItemID(user: user, id: try text())
    }

    fileprivate mutating func place() throws(Fault) -> OutboxPlace {
        let number = try varint()
        return OutboxPlace(channel: try restAsText().string, number: number)
    }

    fileprivate mutating func campaignVersion() throws(Fault) -> CampaignVersion {
        let number = CampaignNumber(truncatingIfNeeded: try varint())
        return CampaignVersion(number: number, version: UInt32(truncatingIfNeeded: try varint()))
    }
}
