import Engine
import Foundation
import Testing

@testable import Storage

/// One description of every record: what is written, read, shown and declared agree.
struct StorageSchemaTests {
    private static let kept: String = {
        var folder = URL(fileURLWithPath: #filePath)
        while !FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.swift").path) {
            folder.deleteLastPathComponent()
        }
        let file = folder.appendingPathComponent("proto/triggerd/storage/v1/storage.proto")
        return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    }()

    private static let schema = ProtoFile(kept)

    @Test("the schema that is kept is the one that the records describe: `make generate` writes it")
    func isKept() {
        #expect(StorageSchema.text == Self.kept)
    }

    /// The messages that stand under keys, filled from the kept schema: with how they come back, and what a dump shows.
    private static func record(_ message: String, _ bytes: [UInt8]) throws -> (written: [UInt8], shown: Object?) {
        try bytes.withUnsafeBytes { bytes in
            var writer = ProtobufWriter()
            func written(_ record: Record?, _ encode: (inout ProtobufWriter) -> Void) -> ([UInt8], Object?) {
                encode(&writer)
                return (Array(writer.bytes), record?.json)
            }
            switch message {
            case "User":
                let state = try UserRecord.decode(bytes)
                return written(.user("u", state)) { UserRecord.encode(state, into: &$0) }
            case "Timer":
                var timer = Timer(at: .zero, send: 1, user: "u", campaign: 0)
                try TimerRecord.decode(bytes, into: &timer)
                return written(.timer(timer)) { TimerRecord.encode(timer, into: &$0) }
            case "Decision":
                let stored = try DecisionRecord.decode(bytes, sequence: 1)
                return written(.decision(stored)) { DecisionRecord.encode(stored, into: &$0) }
            case "Item":
                let receipt = try ItemRecord.decode(bytes)
                return written(.item(ItemID(user: "u", id: "i"), receipt)) { ItemRecord.encode(receipt, into: &$0) }
            case "Outbox":
                let message = try OutboxRecord.decode(bytes)
                return written(.outbox(OutboxEntry(message: message))) { OutboxRecord.encode(message, into: &$0) }
            case "OutboxState":
                let state = try OutboxStateRecord.decode(bytes)
                let entry = OutboxEntry(message: .blank, state: state)
                return written(.outbox(entry)) { OutboxStateRecord.encode(state, into: &$0) }
            case "DeadLetter":
                let letter = try DeadLetterRecord.decode(bytes)
                return written(.failed(letter)) { DeadLetterRecord.encode(letter, into: &$0) }
            case "Campaign":
                let record = try CampaignRecord.decode(bytes, CampaignVersion(number: 1, version: 1))
                return written(.campaign(record)) { record.encode(into: &$0) }
            case "Event":
                let event = try EventRecord.decode(bytes, receivedAt: try RecordAge.instant(bytes), sequence: 1)
                return written(.event(event)) { EventRecord.encode(event, into: &$0) }
            case "Tally":
                let tally = try TallyRecord.decode(bytes)
                return written(.tally(1, tally)) { TallyRecord.encode(tally, into: &$0) }
            // What a folder says of itself is no record of a dump, and of who was deleted nothing is shown.
            case "Erasure":
                let erasure = try ErasureRecord.decode(bytes)
                return written(nil) { ErasureRecord.encode(erasure, into: &$0) }
            case "Folder":
                let folder = try FolderRecord.decode(bytes)
                return written(nil) { folder.encode(into: &$0) }
            case "View":
                let view = try ViewRecord.decode(bytes)
                return written(nil) { view.encode(into: &$0) }
            case "Committed":
                let committed = try CommittedRecord.decode(bytes)
                return written(nil) { committed.encode(into: &$0) }
            default:
                Issue.record("\(message) stands under a key, and no record is made of it here")
                return ([], nil)
            }
        }
    }

    /// Those that are no part of another, and `Outbox`, which is of a dead letter too.
    private static let records: [String] = {
        let parts = Set(schema.messages.values.joined().map(\.type)).subtracting(["Outbox"])
        return schema.messages.keys.filter { !parts.contains($0) }.sorted()
    }()

    @Test("a record of which every field holds something comes back as it is, in whatever order it stood")
    func comesBack() throws {
        #expect(Self.records.count == 14, "\(Self.records)")
        for message in Self.records {
            for seed in 0..<12 as Range<UInt64> {
                var next = seed
                let bytes = Self.schema.filled(message, &next)
                let written = try Self.record(message, bytes).written
                #expect(written.fields.sorted() == bytes.fields.sorted(), "\(message)")
                #expect(written.fields.map(\.number) == written.fields.map(\.number).sorted())
                // The other way round: lists are, too.
                let shuffled = Array(bytes.fields.reversed().map(\.bytes).joined())
                let again = try Self.record(message, shuffled).written
                #expect(again.fields.sorted() == written.fields.sorted(), "\(message)")
                // A field of tomorrow, in between and at the end.
                let unknown: [UInt8] = [0xFA, 0x3F, 2, 1, 2]
                #expect(try Self.record(message, bytes + unknown).written == written)
                #expect(try Self.record(message, unknown + bytes).written == written)
            }
        }
    }

    @Test("a dump shows every field of every message")
    func isShown() throws {
        for message in Self.records {
            for seed in 0..<12 as Range<UInt64> {
                var next = seed
                guard let shown = try Self.record(message, Self.schema.filled(message, &next)).shown else { continue }
                expect(message == "User" ? shown["state"] : .object(shown), shows: message, "\(message)")
            }
        }
    }

    private func expect(_ value: Value?, shows message: String, _ path: String) {
        guard case .object(let object) = value else {
            Issue.record("\(path) is not shown: \(value.map { "\($0)" } ?? "nothing")")
            return
        }
        for field in Self.schema.messages[message] ?? [] where !field.isOld {
            let isMessage = Self.schema.messages[field.type] != nil && !["Value", "Member"].contains(field.type)
            if field.note == "its fields" {
                expect(value, shows: field.type, "\(path).\(field.name)")
                continue
            }
            var name = field.note ?? field.name
            if field.note == nil, name.hasPrefix("is_") { name.removeFirst(3) }
            if field.note == nil, name.hasSuffix("_ms") { name.removeLast(3) }
            guard let shown = object[name] else {
                Issue.record("\(path).\(name) is not shown in \(object)")
                continue
            }
            if field.type == "Member" {
                guard case .object(let members) = shown, !members.isEmpty else {
                    Issue.record("\(path).\(name) shows no members: \(shown)")
                    continue
                }
            } else if case .array(let elements) = shown, field.isRepeated {
                #expect(!elements.isEmpty, "\(path).\(name)")
                if isMessage { for element in elements { expect(element, shows: field.type, "\(path).\(name)") } }
            } else {
                #expect(!field.isRepeated, "\(path).\(name) is a list: \(shown)")
                if isMessage { expect(shown, shows: field.type, "\(path).\(name)") }
            }
        }
    }

    @Test("the sweep reads no further than the instant, and finds whose a record is behind it")
    func frontOfRecords() {
        for message in ["Decision", "Item", "DeadLetter", "Event"] {
            let first = Self.schema.messages[message]?.first
            #expect(first?.number == 1 && first?.type == "int64" && first?.name.hasSuffix("_ms") == true, "\(message)")
        }
        for message in ["Decision", "Event"] {
            let second = Self.schema.messages[message]?[1]
            #expect(second?.number == 2 && second?.name == "user" && second?.type == "string", "\(message)")
        }
    }

    @Test("what older folders say is read")
    func old() throws {
        // A receipt that was reserved had the last that was certain with it.
        let receipt: [UInt8] = [0x12, 15, 0x08, 3, 0x10, 7, 0x19, 9, 0, 0, 0, 0, 0, 0, 0, 0x20, 5]
        var state = try receipt.withUnsafeBytes(UserRecord.decode)
        #expect(
            state.receipts == [
                Receipt(campaign: 3, at: Instant(milliseconds: 5), send: 0, isCertain: true),
                Receipt(campaign: 3, at: Instant(milliseconds: 7), send: 9, isCertain: false),
            ]
        )
        // Money was counted in millionths.
        let spent: [UInt8] = [0x62, 7, 0x0A, 1, 0x45, 0x10, 0xA0, 0x8D, 0x06]
        state = try spent.withUnsafeBytes(UserRecord.decode)
        #expect(state.spent == [Spent(currency: "E", amount: ExactDecimal("0.1")!, at: nil)])
        // An exception of a leased message had no name.
        let lease: [UInt8] = [0x22, 6, 0x32, 4, 0x10, 8, 0x20, 1]
        state = try lease.withUnsafeBytes(UserRecord.decode)
        let exception = LeaseException(
            name: "",
            time: Instant(milliseconds: 8),
            depth: 0,
            chain: 0,
            isTrigger: false,
            raises: true
        )
        #expect(state.queue.first?.lease?.exception == exception)
    }

    @Test("a code of tomorrow is damage in a decision, and passed over in a tally")
    func unknownCodes() throws {
        let decision: [UInt8] = [0x08, 1, 0x28, 0xE7, 0x07]
        #expect(throws: ProtobufReader.Fault.outOfRange) {
            try decision.withUnsafeBytes { try DecisionRecord.decode($0, sequence: 1) }
        }
        #expect(throws: ProtobufReader.Fault.outOfRange) {
            try [UInt8]([0x08, 1]).withUnsafeBytes { try DecisionRecord.decode($0, sequence: 1) }
        }
        let tally: [UInt8] = [0x2A, 5, 0x08, 0xE7, 0x07, 0x10, 3, 0x2A, 4, 0x08, 1, 0x10, 2]
        let expected = Tally(matched: 0, ended: [(.delivered, 2)], versions: nil)
        #expect(try tally.withUnsafeBytes(TallyRecord.decode) == expected)
    }
}

private struct FieldBytes: Comparable {
    var number: UInt32
    var bytes: [UInt8]

    static func < (left: Self, right: Self) -> Bool {
        left.number == right.number
            ? left.bytes.lexicographicallyPrecedes(right.bytes) : left.number < right.number
    }
}

extension [UInt8] {
    fileprivate var fields: [FieldBytes] {
        withUnsafeBytes { bytes in
            var reader = ProtobufReader(bytes)
            var fields: [FieldBytes] = []
            var rest = reader.rest
            while let field = try? reader.field() {
                guard (try? reader.skip(field)) != nil else { return fields }
                fields.append(FieldBytes(number: field.number, bytes: Array(rest[..<(rest.count - reader.rest.count)])))
                rest = reader.rest
            }
            return fields
        }
    }
}
