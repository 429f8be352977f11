import Core
import RPC
import Storage

/// Who waits for a work, and how it is told what became of it.
enum Reply: Sendable {
    /// Nobody.
    case none
    /// The daemon itself; called on the engine's thread.
    case own(@Sendable (Answer) -> Void)
    /// A caller. What the answer is as bytes is made off the engine's thread.
    case call(Call, @Sendable (Answer, Arena) throws -> Payload)
    /// A stream; called on the engine's thread.
    case stream(ServerStream, @Sendable (Answer) -> Void)
}

/// A call and what answers it.
typealias Finished = (call: Call, result: Result<Payload, Status>)

extension Call {
    func finish(_ finished: Finished) {
        switch finished.result {
        case .success(let payload): reply(payload)
        case .failure(let status): fail(status)
        }
    }
}

/// Makes bytes of answers: small ones on their callers' event loops, many at a time; what takes long with the readers.
final class Answers: Sendable {
    private let readers: Readers
    private let largest: Int

    /// - Parameter largest: bytes of an answer that an event loop makes.
    init(readers: Readers, largest: Int) {
        self.readers = readers
        self.largest = largest
    }

    /// To be called once what they tell is on disk.
    func give(_ answers: [(QueuedWork, Answer)]) {
        var small: [(call: Call, result: @Sendable () -> Result<Payload, Status>)] = []
        for (queued, answer) in answers {
            switch queued.reply {
            case .none: break
            case .own(let tell), .stream(_, let tell): tell(answer)
            case .call(let call, let make):
                let result: @Sendable () -> Result<Payload, Status> = { Self.result(answer, make) }
                if answer.takesLong(more: largest) {
                    readers.run { call.finish((call, result())) }
                } else {
                    small.append((call, result))
                }
            }
        }
        Call.complete(small)
    }

    private static func result(
        _ answer: Answer,
        _ make: (Answer, Arena) throws -> Payload
    ) -> Result<Payload, Status> {
        if case .refused(let refusal) = answer { return .failure(refusal.status) }
        return Arena.use { arena in
            do {
                return .success(try make(answer, arena))
            } catch let status as Status {
                return .failure(status)
            } catch {
                return .failure(Status(.unavailable, "the store cannot be read: \(error)"))
            }
        }
    }
}

extension Answer {
    /// Whether making bytes of it reads the store, or takes more than about so many of them.
    func takesLong(more bytes: Int) -> Bool {
        guard case .tracked(let items) = self else { return false }
        var room = ReplyRoom(bytes)
        for item in items {
            guard case .told(let decisions, _) = item.decisions, room.take(32) else { return true }
            for decision in decisions where !room.take(decision.replySize) { return true }
            if let presented = item.presented, !room.take(presented.replySize) { return true }
        }
        return false
    }
}
