import CRocksDB
import Engine
import Storage

/// What the filters of one family share.
final class Sweep: Sendable {
    static let name: StaticString = "triggerd.age"
    private let keeping: Length
    private let now: @Sendable () -> Instant
    private let family: Family
    private let erasures: Erasures

    init(keeping: Length, now: @escaping @Sendable () -> Instant, _ family: Family, _ erasures: Erasures) {
        (self.keeping, self.now) = (keeping, now)
        (self.family, self.erasures) = (family, erasures)
    }

    func filter() -> OpaquePointer? {
        let filter = Unmanaged.passRetained(Filter(oldest: now() - keeping, family, erasures.all))
        return rocksdb_compactionfilter_create(
            filter.toOpaque(),
            { Unmanaged<Filter>.fromOpaque($0!).release() },
            { filter, _, key, keySize, value, size, _, _, _ in
                let drops = Unmanaged<Filter>.fromOpaque(filter!)._withUnsafeGuaranteedRef {
                    $0.drops(
                        UnsafeRawBufferPointer(start: key, count: keySize),
                        UnsafeRawBufferPointer(start: value, count: size)
                    )
                }
                return drops ? 1 : 0
            },
            { _ in UnsafeRawPointer(Sweep.name.utf8Start).assumingMemoryBound(to: CChar.self) }
        )
    }
}

/// What one compaction drops.
private final class Filter: Sendable {
    private let oldest: Instant
    private let family: Family
    private let erased: [UserID: Erasure]

    init(oldest: Instant, _ family: Family, _ erased: [UserID: Erasure]) {
        (self.oldest, self.family, self.erased) = (oldest, family, erased)
    }

    /// A record that does not read stays, for `dump` to tell of.
    func drops(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Bool {
        do throws(ProtobufReader.Fault) {
            if try RecordAge.instant(value) < oldest { return true }
            return erased.isEmpty ? false : try isErased(key, value)
        } catch {
            return false
        }
    }

    private func isErased(
        _ key: UnsafeRawBufferPointer,
        _ value: UnsafeRawBufferPointer
    ) throws(ProtobufReader.Fault) -> Bool {
        var reader = ProtobufReader(key)
        switch family {
        case .events:
            guard let erasure = erased[try RecordOwner.user(value)] else { return false }
            return erasure.coversEvent(Instant(sortable: try reader.bigEndian64()), try reader.bigEndian64())
        case .decisions:
            guard let erasure = erased[try RecordOwner.user(value)] else { return false }
            return erasure.covers(try reader.bigEndian64())
        case .failed:
            let message = try DeadLetterRecord.decode(value).message
            return erased[message.user]?.covers(message.number) ?? false
        case .items:
            guard let erasure = erased[try reader.itemKey().user] else { return false }
            return erasure.covers(try ItemRecord.decode(value).firstDecision)
        case .meta, .users, .timers, .outbox, .campaigns, .tallies, .tokens: return false
        }
    }
}
