import Engine
import Host

/// What is to happen later, by what has really passed.
struct Agenda {
    enum Event {
        case report(channel: String, number: UInt64, attempt: UInt32, ChannelReport)
        case story
        case send(call: Int)
        case timeout(call: Int)
        case ask(Request)
        case start
        case room
    }

    private struct Entry {
        var at: Length
        var incarnation: Int
        var event: Event
    }

    /// The last is next; of one instant the one that was planned first.
    private var entries: [Entry] = []

    var next: Length? { entries.last?.at }
    var count: Int { entries.count }

    /// `incarnation`: what a crash of that daemon makes void; zero: nothing does.
    mutating func add(_ event: Event, at: Length, incarnation: Int = 0) {
        let place = entries.lastIndex { $0.at > at }.map { $0 + 1 } ?? 0
        entries.insert(Entry(at: at, incarnation: incarnation, event: event), at: place)
    }

    mutating func take(_ now: Length, incarnation: Int) -> Event? {
        guard let entry = entries.last, entry.at <= now else { return nil }
        entries.removeLast()
        return entry.incarnation == 0 || entry.incarnation == incarnation ? entry.event : nil
    }
}
