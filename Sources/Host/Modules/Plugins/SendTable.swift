import Synchronization

/// The sends under way, each under an index and a generation: ending one twice is told from ending the next one.
final class SendTable: Sendable {
    /// Takes what a channel says; gives false where the host had given the send up already.
    typealias Ended = @Sendable (ChannelReport) -> Bool

    private struct Slot {
        var generation: UInt32 = 1
        var ended: Ended?
        var redacted: (@Sendable (String) -> String)?
    }

    private struct Slots {
        var all: [Slot] = []
        var free: [Int] = []

        subscript(send: UInt64) -> Int? {
            let index = Int(send & 0xffff_ffff)
            guard all.indices.contains(index), all[index].generation == UInt32(send >> 32) else { return nil }
            return all[index].ended == nil ? nil : index
        }
    }

    private let slots = Mutex(Slots())

    /// `redacted`: takes the channel's secrets out of a text.
    func begin(redacted: @escaping @Sendable (String) -> String, _ ended: @escaping Ended) -> UInt64 {
        slots.withLock { slots in
            let index = slots.free.popLast() ?? slots.all.count
            if index == slots.all.count { slots.all.append(Slot()) }
            slots.all[index].ended = ended
            slots.all[index].redacted = redacted
            return UInt64(slots.all[index].generation) << 32 | UInt64(index)
        }
    }

    /// What takes secrets out of the texts of that send; nil where there is no such send.
    func redaction(of send: UInt64) -> (@Sendable (String) -> String)? {
        slots.withLock { slots in slots[send].flatMap { slots.all[$0].redacted } }
    }

    /// Gives false where there is no such send, or it has ended.
    func end(_ send: UInt64, _ report: ChannelReport) -> Bool {
        let ended = slots.withLock { slots -> Ended? in
            guard let index = slots[send] else { return nil }
            defer {
                slots.all[index].ended = nil
                slots.all[index].redacted = nil
                slots.all[index].generation &+= 1
                slots.free.append(index)
            }
            return slots.all[index].ended
        }
        return ended?(report) ?? false
    }
}
