import Synchronization

/// What a store found damaged while it was read: named once each, so that nothing floods a log, and the first of them
/// kept for whoever asks.
package final class StoreDamage: Sendable {
    /// Named to whoever asks, and told to the log; of more than that only the number is.
    private static let named = 16
    /// Told apart. One damaged block may hold hundreds of records, and a damaged volume any number.
    private static let counted = 4_096

    private struct Known {
        var places: Set<String> = []
        var first: [String] = []
    }

    private let known = Mutex(Known())
    private let report: @Sendable (String) -> Void

    package init(report: @escaping @Sendable (String) -> Void = { _ in }) {
        self.report = report
    }

    /// `place` tells it apart from others; `what` is for a person.
    package func found(_ place: String, _ what: String) {
        let number = known.withLock { known -> Int? in
            guard known.places.count < Self.counted, known.places.insert(place).inserted else { return nil }
            if known.first.count < Self.named { known.first.append(what) }
            return known.places.count
        }
        guard let number, number <= Self.named else { return }
        report("damaged: \(what)")
        if number == Self.named { report("more damage is only counted: see `triggerd health`") }
    }

    /// The first that were found, and how many there are in all.
    package var all: (first: [String], count: Int) { known.withLock { ($0.first, $0.places.count) } }
    package var isEmpty: Bool { known.withLock { $0.places.isEmpty } }
}

/// What stands under a key.
package enum Stored<Record> {
    case record(Record)
    case nothing
    /// Something that does not read.
    case damaged(String)

    package init(_ record: Record?) {
        self = record.map { .record($0) } ?? .nothing
    }

    package var record: Record? {
        if case .record(let record) = self { record } else { nil }
    }
}
