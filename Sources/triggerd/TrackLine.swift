import Core
import Engine
import Host
import Schema

/// One item as `track` is given it: an object with the fields of a scenario's events (docs/campaigns.md).
struct TrackLine {
    /// Its number in the file, from 1.
    let number: Int
    let item: Item
    /// The request's `sent_at` goes on from the item's.
    private let read = ContinuousClock.now

    /// Empty where it has none.
    var id: Text { item.id ?? "" }

    /// Throws what is wrong with it, by field.
    init(number: Int, _ value: Value) throws(Failure) {
        guard case .object(let object) = value else { throw Failure("not an object") }
        if let place = ZeroByte.place(in: object) { throw Failure("\(place): \(ZeroByte.why)") }
        self.number = number
        do throws(ItemProblem) {
            item = try Item(fields: object)
        } catch {
            throw Failure(error.description)
        }
    }

    /// What the item's clock says now; nil: nobody doubts it. What is sent again after a while was not off by that.
    var sentAt: Instant? {
        item.sentAt.map { $0 + Length(milliseconds: Int64(read.duration(to: .now) / .milliseconds(1))) }
    }

    func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__Item> { item.message(in: arena) }
}
