import Core
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
                    throw Status(.notFound, "no user is called \"\(user.string.cut(to: HostLimits.quotedBytes))\"")
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
            let first = try request.pointee.page.asPage() ?? 0
            readers.read(call) { arena in
                guard let state = try store.user(user) else {
                    throw Status(.notFound, "no user is called \"\(user.string.cut(to: HostLimits.quotedBytes))\"")
                }
                return arena.answer(
                    call,
                    state.message(of: user, from: Int(clamping: first), campaigns.get().table, in: arena)
                )
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
                .delete(user)
            ) { answer, arena in
                guard case .deleted(let existed) = answer else { answer.isUnexpected(of: "Delete") }
                let reply = arena.make(triggerd__v1__delete_user_reply__init)
                reply.pointee.existed = existed ? 1 : 0
                return arena.payload(reply)
            }
        }
    }
}
