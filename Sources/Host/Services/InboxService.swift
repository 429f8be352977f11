import Engine
import RPC
import Schema

/// `triggerd.v1.Inbox`: one in-app message at a time, leased to one client (9.11).
struct InboxService {
    let queue: WorkQueue

    var service: Service {
        Service("triggerd.v1.Inbox", methods: ["Lease": { self.lease($0) }, "Acknowledge": { self.acknowledge($0) }])
    }

    private func lease(_ call: Call) {
        call.withRequest(Triggerd__V1__LeaseRequest.self, schema_lease_request()) { request, _ throws(Status) in
            let user = try request.pointee.user.asUser()
            let device = String(cString: request.pointee.device)
            call.ask(
                queue,
                .lease(user, device: device) { result, arena in
                    switch result {
                    case .failure(let refusal): return (call, .failure(refusal.status))
                    case .success(let presented):
                        let reply = arena.make(triggerd__v1__lease_reply__init)
                        if let presented { reply.pointee.message = presented.message(in: arena) }
                        return arena.answer(call, reply)
                    }
                }
            )
        }
    }

    private func acknowledge(_ call: Call) {
        call.withRequest(Triggerd__V1__AcknowledgeRequest.self, schema_acknowledge_request()) {
            request,
            _ throws(Status) in
            let user = try request.pointee.user.asUser()
            guard request.pointee.token != 0 else { throw .invalid("token", "is missing") }
            call.ask(
                queue,
                .acknowledge(user, token: request.pointee.token) { result, arena in
                    switch result {
                    case .failure(let refusal): return (call, .failure(refusal.status))
                    case .success: return arena.answer(call, arena.make(triggerd__v1__acknowledge_reply__init))
                    }
                }
            )
        }
    }
}

extension UnsafeMutablePointer<CChar> {
    /// The field `user` of a request.
    func asUser() throws(Status) -> UserID {
        let user = String(cString: self)
        guard !user.isEmpty else { throw .invalid("user", "is empty") }
        guard user.utf8.count <= Item.longestID else { throw .invalid("user", "longer than \(Item.longestID) bytes") }
        return user
    }
}
