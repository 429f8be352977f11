import ArgumentParser
import Engine
import Host
import Schema

struct Users: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show, export or forget what is kept of a user.",
        discussion: """
            EXAMPLES
              triggerd users get u1
              triggerd users export u1 > u1.jsonl
              triggerd users delete u1
            """,
        subcommands: [GetUser.self, ExportUser.self, DeleteUser.self]
    )
}

struct GetUser: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show a user's profile, and what waits for the user.",
        discussion: """
            Exit status: 0 the user is known, 1 nobody is called so.

            EXAMPLES
              triggerd users get u1
              triggerd users get u1 --json | jq .profile.email
            """
    )

    @OptionGroup var daemon: DaemonOption
    @Argument(help: "The user.") var user: String
    @Flag(help: "One JSON object.") var json = false

    func run() async throws {
        let read = try await daemon.withConnection { try await ReadUser.get(user, $0) }
        if json { Output.json(read.json) } else { Output.lines(read.lines) }
    }
}

struct DeleteUser: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Forget a user: cancel what waits, and delete everything that is kept.",
        discussion: """
            It asks nothing, and cannot be undone: `triggerd users export` keeps a copy. A user whom nobody knows is \
            forgotten already: exit status 0, too.

            EXAMPLES
              triggerd users delete u1
              triggerd users delete u1 --json
            """
    )

    @OptionGroup var daemon: DaemonOption
    @Argument(help: "The user.") var user: String
    @Flag(help: "One JSON object.") var json = false

    func run() async throws {
        let request = packed(triggerd__v1__delete_user_request__init) { request, arena in
            request.pointee.user = arena.text(user)
        }
        let existed = try await daemon.withConnection { connection in
            try await connection.call(
                "Users",
                "Delete",
                request,
                Triggerd__V1__DeleteUserReply.self,
                schema_delete_user_reply()
            ) { $0.pointee.existed != 0 }
        }
        if json {
            Output.json(["user": .string(user), "existed": .boolean(existed)])
        } else {
            Output.line(
                existed
                    ? "\(user) is forgotten: the profile, what waited, and everything that was kept"
                    : "nobody called \(user) is known: there is nothing to forget"
            )
        }
    }
}

struct ExportUser: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print everything that is kept of a user, one JSON object a line.",
        discussion: """
            Each line's `kind` says what it is: `user` (profile, receipts, what waits), `decision`, newest first, \
            `item` (what an idempotency id was used for), `outbox` (a message that has no outcome yet), `failed` (one \
            that no provider took), `event` (what came in, as long as it is kept), `token`. They are the records that \
            `triggerd dump` prints.

            Exit status: 0 the user is known, 1 nobody is called so.

            EXAMPLES
              triggerd users export u1 > u1.jsonl
              triggerd users export u1 | jq 'select(.kind == "decision")'
            """
    )

    @OptionGroup var daemon: DaemonOption
    @Argument(help: "The user.") var user: String

    func run() async throws {
        try await daemon.withConnection { connection in
            // A line may go on in the next page.
            var begun: [UInt8] = []
            var page = ""
            repeat {
                let (lines, next) = try await self.page(page, connection)
                begun += lines
                let parts = begun.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                for line in parts.dropLast() { Output.json(text: String(decoding: line, as: UTF8.self)) }
                begun = Array(parts.last ?? [])
                page = next
            } while !page.isEmpty && Output.isRead
        }
    }

    private func page(_ page: String, _ connection: DaemonConnection) async throws -> (lines: [UInt8], next: String) {
        let request = packed(triggerd__v1__export_user_request__init) { request, arena in
            request.pointee.user = arena.text(user)
            request.pointee.page = arena.text(page)
        }
        return try await connection.call(
            "Users",
            "Export",
            request,
            Triggerd__V1__ExportUserReply.self,
            schema_export_user_reply()
        ) { reply in
            let lines = UnsafeBufferPointer(start: reply.pointee.lines.data, count: reply.pointee.lines.len)
            return (Array(lines), String(cString: reply.pointee.next_page))
        }
    }
}
