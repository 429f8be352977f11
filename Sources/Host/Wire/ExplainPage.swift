import Engine
import RPC

/// Where an explanation goes on.
struct ExplainPage {
    var next: UInt64
    /// Those from then on were told.
    var nearMissesBefore: Instant

    init(next: UInt64, nearMissesBefore: Instant) {
        self.next = next
        self.nearMissesBefore = nearMissesBefore
    }

    /// Nil: from the newest.
    init?(_ text: String) throws(Status) {
        if text.isEmpty { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let next = UInt64(parts[0]) else {
            throw .invalid("page", "not a `next_page` of a reply")
        }
        self.next = next
        nearMissesBefore = .never
        guard parts.count == 2 else { return }  // As older daemons gave them: decisions alone.
        guard let before = Int64(parts[1]) else { throw .invalid("page", "not a `next_page` of a reply") }
        nearMissesBefore = Instant(milliseconds: before)
    }

    var text: String { "\(next).\(nearMissesBefore.milliseconds)" }
}
