/// A family of records: those that live alike. docs/storage.md draws their keys. The numbers stand in the log.
package enum Family: UInt8, CaseIterable, Sendable {
    /// What the folder says of itself.
    case meta = 0
    case users, timers, decisions, items, outbox, failed, campaigns, tallies, events, tokens

    package var name: String { self == .meta ? "default" : "\(self)" }

    package var index: Int { Int(rawValue) }

    /// Those of `Record`s.
    package static let ofRecords = allCases.filter { $0 != .meta }

    /// Whether single records of it are asked for by their keys. The others are only walked in order.
    var isAskedByKey: Bool {
        switch self {
        case .timers, .events: false
        case .meta, .users, .decisions, .items, .outbox, .failed, .campaigns, .tallies, .tokens: true
        }
    }
}
