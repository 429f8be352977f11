import ArgumentParser
import Core
import Engine
import Host
import Schema

struct RedriveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redrive",
        abstract: "Send messages after all that no provider took.",
        discussion: """
            Each goes into its channel's line again, under the key that its provider has seen before, to the user's \
            addresses of now. A user who must not be reached any more is left alone, and told of.

            EXAMPLES
              triggerd redrive 1795730520000017
              triggerd redrive --campaign abandoned-cart
              triggerd redrive --all
            """
    )

    @OptionGroup var daemon: DaemonOption
    @Argument(help: "The ids that `triggerd failed` shows.") var ids: [UInt64] = []
    @OptionGroup var selection: FailedSelection
    @Flag(help: "All of them.") var all = false
    @Flag(help: "One JSON object a message.") var json = false

    func validate() throws {
        let ways = [!ids.isEmpty, !selection.isEmpty, all].count { $0 }
        if ways == 0 { throw ValidationError("name ids, --campaign, --channel or --user, or say --all") }
        if ways > 1 { throw ValidationError("name ids, or a selection, or --all: one of them") }
    }

    func run() async throws {
        var wanted = ids
        try await daemon.withConnection { connection in
            if wanted.isEmpty {
                // Known before anything is sent: what fails again meanwhile is not sent twice.
                try await selection.each(connection) { messages in
                    wanted += messages.map(\.id)
                    return true
                }
            }
            guard !wanted.isEmpty else {
                if !json { Output.line("no message failed") }
                return
            }
            let (progress, begin) = (ProgressLine(), ContinuousClock.now)
            var (redriven, refused) = (0, [String]())
            for start in stride(from: 0, to: wanted.count, by: CommandLimits.redrivenAtOnce) {
                let lot = Array(wanted[start..<min(start + CommandLimits.redrivenAtOnce, wanted.count)])
                for result in try await redrive(lot, connection) {
                    if json { Output.json(result.json) }
                    if let reason = result.reason { refused.append("\(result.id): \(reason)") } else { redriven += 1 }
                }
                let done = start + lot.count
                progress.show(done, Double(done) / Double(wanted.count), since: begin)
            }
            progress.clear()
            if !json { Output.line("\(redriven) of \(wanted.count) messages are sent again") }
            guard refused.isEmpty else {
                throw json ? ExitCode(1) : Failure(lines: ["not sent again:"] + refused)
            }
        }
    }

    private struct Answer {
        var id: UInt64
        var reason: String?

        var json: Object {
            var object: Object = ["id": .string(String(id)), "redriven": .boolean(reason == nil)]
            object["reason"] = reason.map(Value.string)
            return object
        }
    }

    private func redrive(_ ids: [UInt64], _ connection: DaemonConnection) async throws -> [Answer] {
        let request = packed(triggerd__v1__redrive_request__init) { request, arena in
            request.pointee.n_ids = ids.count
            request.pointee.ids = arena.numbers(ids)
        }
        return try await connection.call(
            "Outbox",
            "Redrive",
            request,
            Triggerd__V1__RedriveReply.self,
            schema_redrive_reply()
        ) { reply in
            elements(reply.pointee.n_results, reply.pointee.results).map { result in
                let reason = String(cString: result.pointee.reason)
                return Answer(id: result.pointee.id, reason: result.pointee.redriven != 0 ? nil : reason)
            }
        }
    }
}
