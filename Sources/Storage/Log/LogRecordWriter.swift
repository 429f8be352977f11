import CStorage
import Engine

/// Makes a commit's record, in one buffer that is used again.
package struct LogRecordWriter: ~Copyable {
    private var record = ProtobufWriter(capacity: 65_536, alignment: LogRecord.alignment)
    private let seal: UInt32

    package init(seal: UInt32) {
        self.seal = seal
    }

    /// Filled up with zeros to a multiple of `LogRecord.alignment`, where it also stands in memory. Good until the next.
    package mutating func encode(_ changes: Changes, number: UInt64, epoch: UInt32) -> UnsafeRawBufferPointer {
        record.clear()
        record.zeros(LogRecord.headSize)
        putUsers(changes)
        putSends(changes)
        putOutbox(changes)
        putCampaigns(changes)
        putFolder(changes)
        return sealed(number, epoch)
    }

    private mutating func sealed(_ number: UInt64, _ epoch: UInt32) -> UnsafeRawBufferPointer {
        let bytes = record.count
        record.store(UInt32(bytes), at: 4)
        record.store(number, at: 8)
        record.store(epoch, at: 16)
        record.store(LogRecord.mark, at: 20)
        let checked = UnsafeRawBufferPointer(rebasing: record.bytes[4...])
        record.store(triggerd_crc32c(checked.baseAddress, checked.count) ^ seal, at: 0)
        record.zeros(LogRecord.padded(bytes) - bytes)
        return record.bytes
    }

    // MARK: Of one key its last entry counts

    private mutating func putUsers(_ changes: Changes) {
        for id in changes.deletedUsers { delete(.users) { $0.userKey(id) } }
        for (id, state) in changes.users {
            put(.users, { $0.userKey(id) }, { UserRecord.encode(state, into: &$0) })
        }
        for (token, owner) in changes.tokenOwners {
            if let owner {
                put(.tokens, { $0.tokenKey(token) }, { $0.utf8(owner) })
            } else {
                delete(.tokens) { $0.tokenKey(token) }
            }
        }
        for (id, receipt) in changes.items {
            put(.items, { $0.itemKey(id) }, { ItemRecord.encode(receipt, into: &$0) })
        }
        for event in changes.events {
            put(.events, { $0.eventKey(event.receivedAt, event.sequence) }, { EventRecord.encode(event, into: &$0) })
        }
    }

    private mutating func putSends(_ changes: Changes) {
        for timer in changes.timersAdded {
            put(.timers, { $0.timerKey(timer) }, { TimerRecord.encode(timer, into: &$0) })
        }
        for timer in changes.timersRemoved { delete(.timers) { $0.timerKey(timer) } }
        for stored in changes.decisions {
            put(.decisions, { $0.bigEndian(stored.decision.sequence) }, { DecisionRecord.encode(stored, into: &$0) })
        }
    }

    private mutating func putOutbox(_ changes: Changes) {
        for message in changes.outboxAdded {
            put(.outbox, { $0.outboxKey(message.place, .message) }, { OutboxRecord.encode(message, into: &$0) })
        }
        for (place, state) in changes.outboxStates {
            put(.outbox, { $0.outboxKey(place, .state) }, { OutboxStateRecord.encode(state, into: &$0) })
        }
        for place in changes.outboxRemoved { delete(.outbox) { $0.outboxKey(place, .message) } }
        for place in changes.outboxStatesRemoved { delete(.outbox) { $0.outboxKey(place, .state) } }
        for letter in changes.deadLettersAdded {
            put(.failed, { $0.bigEndian(letter.message.number) }, { DeadLetterRecord.encode(letter, into: &$0) })
        }
        for number in changes.deadLettersRemoved { delete(.failed) { $0.bigEndian(number) } }
    }

    private mutating func putCampaigns(_ changes: Changes) {
        for version in changes.campaignsRemoved { delete(.campaigns) { $0.campaignKey(version) } }
        for number in changes.talliesRemoved { delete(.tallies) { $0.tallyKey(number) } }
        for campaign in changes.campaigns {
            let version = CampaignVersion(number: campaign.head.number, version: campaign.version)
            put(.campaigns, { $0.campaignKey(version) }, { campaign.encode(into: &$0) })
        }
        for (number, tally) in changes.tallies {
            put(.tallies, { $0.tallyKey(number) }, { TallyRecord.encode(tally, into: &$0) })
        }
    }

    private mutating func putFolder(_ changes: Changes) {
        for (user, erasure) in changes.erasures {
            put(.meta, { $0.erasureKey(user) }, { ErasureRecord.encode(erasure, into: &$0) })
        }
        for user in changes.erasuresEnded { delete(.meta) { $0.erasureKey(user) } }
        if let workspace = changes.workspace {
            put(.meta, { $0.workspaceKey() }, { value in workspace.withUnsafeBytes { value.append($0) } })
        }
    }

    // MARK: -

    @inline(__always)
    private mutating func put(
        _ family: Family,
        _ key: (inout ProtobufWriter) -> Void,
        _ value: (inout ProtobufWriter) -> Void
    ) {
        let head = begin(family, isDeleted: false, key)
        let valueStart = record.count
        value(&record)
        record.store(UInt32(record.count - valueStart), at: head + 4)
        record.zeros(-record.count & 7)
    }

    @inline(__always)
    private mutating func delete(_ family: Family, _ key: (inout ProtobufWriter) -> Void) {
        _ = begin(family, isDeleted: true, key)
        record.zeros(-record.count & 7)
    }

    /// Gives where the entry begins.
    @inline(__always)
    private mutating func begin(_ family: Family, isDeleted: Bool, _ key: (inout ProtobufWriter) -> Void) -> Int {
        let head = record.count
        record.zeros(LogRecord.entryHeadSize)
        key(&record)
        let keyBytes = record.count - head - LogRecord.entryHeadSize
        precondition(keyBytes < 1 << 24, "a key of \(keyBytes) bytes, of \(family)")
        let kind = family.rawValue | (isDeleted ? LogRecord.deleted : 0)
        record.store(UInt32(kind) | UInt32(keyBytes) << 8, at: head)
        return head
    }
}
