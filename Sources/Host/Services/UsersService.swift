import Engine
import RPC
import Schema
import Storage

/// `triggerd.v1.Users`: what is known of a user, and forgetting it.
struct UsersService {
    let queue: WorkQueue
    let store: any Store
    let campaigns: Published<CampaignRegistry>
    let readers: Readers

    var service: Service {
        Service(
            "triggerd.v1.Users",
            methods: [
                "Get": { self.get($0, $1) }, "Delete": { self.delete($0, $1) }, "Export": { self.export($0, $1) },
            ]
        )
    }

    private func export(_ call: Call, _ asked: Request) {
        call.withRequest(asked, Triggerd__V1__ExportUserRequest.self, schema_export_user_request()) {
            request,
            _ throws(Status) in
            let user = try request.pointee.user.asUser()
            let page = String(cString: request.pointee.page)
            guard let export = UserExport(of: user, page: page) else {
                throw .invalid("page", "not a `next_page` of a reply")
            }
            readers.read(call) { arena in
                var export = export
                guard let state = try store.user(user) else {
                    throw Status(.notFound, "no user is called \"\(user)\"")
                }
                try export.read(store, state)
                let reply = arena.make(triggerd__v1__export_user_reply__init)
                reply.pointee.lines = arena.bytes(export.lines)
                reply.pointee.next_page = arena.text(export.nextPage)
                return arena.answer(call, reply)
            }
        }
    }

    private func get(_ call: Call, _ asked: Request) {
        call.withRequest(asked, Triggerd__V1__GetUserRequest.self, schema_get_user_request()) {
            request,
            _ throws(Status) in
            let user = try request.pointee.user.asUser()
            readers.read(call) { arena in
                guard let state = try store.user(user) else {
                    throw Status(.notFound, "no user is called \"\(user)\"")
                }
                return arena.answer(call, state.message(of: user, campaigns.get().table, in: arena))
            }
        }
    }

    private func delete(_ call: Call, _ asked: Request) {
        call.withRequest(asked, Triggerd__V1__DeleteUserRequest.self, schema_delete_user_request()) {
            request,
            _ throws(Status) in
            let user = try request.pointee.user.asUser()
            call.ask(
                queue,
                .delete(user) { result, arena in
                    switch result {
                    case .failure(let refusal): return (call, .failure(refusal.status))
                    case .success(let existed):
                        let reply = arena.make(triggerd__v1__delete_user_reply__init)
                        reply.pointee.existed = existed ? 1 : 0
                        return arena.answer(call, reply)
                    }
                }
            )
        }
    }
}

extension UserState {
    fileprivate func message(
        of user: UserID,
        _ campaigns: CampaignTable,
        in arena: Arena
    ) -> UnsafeMutablePointer<Triggerd__V1__User> {
        func name(_ number: CampaignNumber) -> UnsafeMutablePointer<CChar> {
            arena.text(campaigns.head(number)?.id ?? "")
        }
        let message = arena.make(triggerd__v1__user__init)
        message.pointee.user = arena.text(user)
        message.pointee.n_profile = profile.members.count
        message.pointee.profile = profile.entries(in: arena, as: Triggerd__V1__User__ProfileEntry.self)
        message.pointee.n_waiting = waits.count
        message.pointee.waiting = arena.array(
            waits.map { wait in
                let waiting = arena.make(triggerd__v1__waiting_send__init)
                waiting.pointee.send = wait.send
                waiting.pointee.campaign = name(wait.version.number)
                waiting.pointee.version = wait.version.version
                waiting.pointee.trigger_ms = wait.trigger.milliseconds
                waiting.pointee.due_ms = wait.due.milliseconds
                return waiting
            }
        )
        message.pointee.n_queue = queue.count
        message.pointee.queue = arena.array(
            queue.map { entry in
                let queued = arena.make(triggerd__v1__queued_message__init)
                queued.pointee.send = entry.wait.send
                queued.pointee.campaign = name(entry.wait.version.number)
                queued.pointee.channel = arena.text(entry.channel)
                queued.pointee.available_ms = entry.available.milliseconds
                if entry.expires != .never {
                    queued.pointee.expires_case = TRIGGERD__V1__QUEUED_MESSAGE__EXPIRES_EXPIRES_MS
                    queued.pointee.expires_ms = entry.expires.milliseconds
                }
                if let lease = entry.lease {
                    queued.pointee.lease_case = TRIGGERD__V1__QUEUED_MESSAGE__LEASE_LEASED_UNTIL_MS
                    queued.pointee.leased_until_ms = lease.ends.milliseconds
                }
                return queued
            }
        )
        let receipts = receipts.filter(\.isCertain)
        message.pointee.n_receipts = receipts.count
        message.pointee.receipts = arena.array(
            receipts.map { receipt in
                let received = arena.make(triggerd__v1__campaign_receipt__init)
                received.pointee.campaign = name(receipt.campaign)
                received.pointee.at_ms = receipt.at.milliseconds
                return received
            }
        )
        if let lastSession {
            message.pointee.last_session_case = TRIGGERD__V1__USER__LAST_SESSION_LAST_SESSION_MS
            message.pointee.last_session_ms = lastSession.milliseconds
        }
        return message
    }
}
