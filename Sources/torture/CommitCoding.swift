import Engine
import Storage

/// What the log's entries say, as the changes of a commit.
enum CommitCoding {
    static func decode(_ record: UnsafeRawBufferPointer, _ head: LogRecord.Head) throws -> Changes {
        var changes = Changes()
        try LogRecord.each(of: record, head) { entry in
            if let value = entry.value {
                try add(entry.family, entry.key, value, to: &changes)
            } else {
                try remove(entry.family, entry.key, from: &changes)
            }
        }
        return changes
    }

    static func add(
        _ family: Family,
        _ keyBytes: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer,
        to changes: inout Changes
    ) throws(ProtobufReader.Fault) {
        var key = ProtobufReader(keyBytes)
        switch family {
        case .meta: try addMeta(keyBytes, value, to: &changes)
        case .users: changes.users.append((try key.userKey(), try UserRecord.decode(value)))
        case .tokens:
            var reader = ProtobufReader(value)
            changes.tokenOwners.append((try key.tokenKey(), try reader.restAsText()))
        case .timers:
            var timer = try key.timerKey()
            try TimerRecord.decode(value, into: &timer)
            changes.timersAdded.append(timer)
        case .decisions: changes.decisions.append(try DecisionRecord.decode(value, sequence: try key.bigEndian64()))
        case .items: changes.items.append((try key.itemKey(), try ItemRecord.decode(value)))
        case .outbox:
            let (place, part) = try key.outboxKey(keyBytes)
            switch part {
            case .message: changes.outboxAdded.append(try OutboxRecord.decode(value))
            case .state: changes.outboxStates.append((place, try OutboxStateRecord.decode(value)))
            }
        case .failed: changes.deadLettersAdded.append(try DeadLetterRecord.decode(value))
        case .campaigns: changes.campaigns.append(try CampaignRecord.decode(value, try key.campaignKey()))
        case .tallies: changes.tallies[try key.bigEndian32()] = try TallyRecord.decode(value)
        case .events:
            let (at, sequence) = (Instant(sortable: try key.bigEndian64()), try key.bigEndian64())
            changes.events.append(try EventRecord.decode(value, receivedAt: at, sequence: sequence))
        }
    }

    private static func addMeta(
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer,
        to changes: inout Changes
    ) throws(ProtobufReader.Fault) {
        let name = String(decoding: key, as: UTF8.self)
        if name == "workspace" {
            changes.workspace = Array(value)
        } else {
            precondition(name.hasPrefix(ProtobufWriter.erasurePrefix), "an entry of the folder's under \(name)")
            changes.erasures.append((try erased(key), try ErasureRecord.decode(value)))
        }
    }

    private static func erased(_ key: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> UserID {
        let prefix = ProtobufWriter.erasurePrefix.utf8.count
        var reader = ProtobufReader(UnsafeRawBufferPointer(rebasing: key[prefix...]))
        return try reader.restAsText()
    }

    private static func remove(
        _ family: Family,
        _ keyBytes: UnsafeRawBufferPointer,
        from changes: inout Changes
    ) throws(ProtobufReader.Fault) {
        var key = ProtobufReader(keyBytes)
        switch family {
        case .meta: changes.erasuresEnded.append(try erased(keyBytes))
        case .users: changes.deletedUsers.append(try key.userKey())
        case .tokens: changes.tokenOwners.append((try key.tokenKey(), nil))
        case .timers: changes.timersRemoved.append(try key.timerKey())
        case .outbox:
            let (place, part) = try key.outboxKey(keyBytes)
            switch part {
            case .message: changes.outboxRemoved.append(place)
            case .state: changes.outboxStatesRemoved.append(place)
            }
        case .failed: changes.deadLettersRemoved.append(try key.bigEndian64())
        case .campaigns: changes.campaignsRemoved.append(try key.campaignKey())
        case .tallies: changes.talliesRemoved.append(try key.bigEndian32())
        case .decisions, .items, .events: preconditionFailure("a record of \(family) is never removed")
        }
    }
}
