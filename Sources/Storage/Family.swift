/// A family of records: those that live alike. docs/storage.md draws their keys.
package enum Family: UInt8, CaseIterable, Sendable {
    /// What the folder says of itself.
    case meta
    case users, timers, decisions, items, outbox, failed, campaigns, tallies, events, tokens

    package var name: String { self == .meta ? "default" : "\(self)" }

    /// Those of `Record`s.
    package static let ofRecords = allCases.filter { $0 != .meta }
}
