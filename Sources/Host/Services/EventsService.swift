import Engine
import RPC
import Schema

/// `triggerd.v1.Events`: what users did. The reply comes after every change is on disk.
struct EventsService {
    let queue: WorkQueue
    let limits: HostLimits

    var service: Service {
        Service("triggerd.v1.Events", methods: ["Track": { self.track($0, $1) }])
    }

    private func track(_ call: Call, _ asked: Request) {
        call.withRequest(asked, Triggerd__V1__TrackRequest.self, schema_track_request()) { request, _ throws(Status) in
            let count = request.pointee.n_items
            guard count > 0 else { throw .invalid("items", "there are none") }
            guard count <= limits.itemsPerRequest else {
                throw .invalid(
                    "items",
                    "\(count) are more than the \(limits.itemsPerRequest) that one request may hold"
                )
            }
            var items: [Item] = []
            items.reserveCapacity(count)
            for index in 0..<count {
                guard let message = request.pointee.items[index] else { continue }
                do throws(ItemProblem) {
                    items.append(try Item(message))
                } catch {
                    throw Status(.invalidArgument, "items[\(index)].\(error.field): \(error.why)")
                }
            }
            call.ask(
                queue,
                .track(items, tellsNearMisses: request.pointee.near_misses != 0) { Self.reply(call, $0, $1) }
            )
        }
    }

    private static func reply(_ call: Call, _ result: Result<[ItemAnswer], Refusal>, _ arena: Arena) -> Finished {
        switch result {
        case .failure(let refusal): return (call, .failure(refusal.status))
        case .success(let answers):
            let reply = arena.make(triggerd__v1__track_reply__init)
            reply.pointee.n_items = answers.count
            reply.pointee.items = arena.array(answers.map { $0.message(in: arena) })
            return arena.answer(call, reply)
        }
    }
}

extension ItemAnswer {
    fileprivate func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__ItemReply> {
        let message = arena.make(triggerd__v1__item_reply__init)
        message.pointee.result =
            isDuplicate ? TRIGGERD__V1__ITEM_REPLY__RESULT__DUPLICATE : TRIGGERD__V1__ITEM_REPLY__RESULT__ACCEPTED
        message.pointee.n_decisions = decisions.count
        message.pointee.decisions = arena.array(decisions.map { $0.message(in: arena) })
        if let presented { message.pointee.message = presented.message(in: arena) }
        return message
    }
}
