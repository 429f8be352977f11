import ArgumentParser
import Engine
import Host
import RPC
import Schema

struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show decisions as they are made.",
        discussion: """
            From now on, or from any place: `beginning` is the oldest that is kept, and a number is the `sequence` of a \
            decision, behind which it goes on without gaps or repeats, also after the daemon was started again. It ends \
            when the daemon does, with status 1, and tells the place then.

            EXAMPLES
              triggerd watch
              triggerd watch --user u1 --code delivered --for 1h
              triggerd watch --campaign abandoned-cart --from beginning --json
            """
    )

    @OptionGroup var daemon: DaemonOption
    @Option(help: "Only about this user.") var user: String?
    @Option(help: "Only about this campaign.") var campaign: String?
    @Option(
        help: ArgumentHelp("Only with this decision: delivered, cancelled_by_exception ...", valueName: "decision"),
        completion: .list(Decision.Code.allCases.map(\.rawValue))
    )
    var code: String?
    @Option(
        help: ArgumentHelp("now, beginning, or the sequence of a decision (default: now).", valueName: "place"),
        completion: .list(["now", "beginning"])
    )
    var from: String?
    @Option(name: .customLong("for"), help: ArgumentHelp("End after so long.", valueName: "length")) var length: String?
    @Flag(help: "One JSON object a line, with its sequence.") var json = false

    func validate() throws {
        if let code, Decision.Code(rawValue: code) == nil {
            throw ValidationError(
                "--code \(Visible.quoted(code)): no decision is called that; docs/campaigns.md has all"
            )
        }
        if let length, try Length(length, option: "--for", example: "10s") == .zero {
            throw ValidationError("--for \(length): nothing is decided in no time; write 10s")
        }
        _ = try place()
    }

    /// Nil: from now on.
    private func place() throws -> UInt64? {
        switch from {
        case nil, "now": return nil
        case "beginning": return 0
        case let text?:
            guard let place = UInt64(text) else {
                throw ValidationError(
                    "--from \(Visible.quoted(text)): write now, beginning or the sequence of a decision"
                )
            }
            return place
        }
    }

    func run() async throws {
        var last = try place()
        do {
            try await daemon.withConnection { connection in
                let request = packed(triggerd__v1__watch_decisions_request__init) { request, arena in
                    request.pointee.user = arena.text(user ?? "")
                    request.pointee.campaign = arena.text(campaign ?? "")
                    request.pointee.decision = arena.text(code ?? "")
                    guard let last else { return }  // From now on.
                    request.pointee.from_case = TRIGGERD__V1__WATCH_DECISIONS_REQUEST__FROM_AFTER
                    request.pointee.after = last
                }
                let stream = try await connection.open(
                    "Decisions",
                    "Watch",
                    request,
                    for: length.flatMap { Length($0) }
                )
                while let message = try await next(of: stream) {
                    last = try connection.read(
                        message,
                        Triggerd__V1__WatchDecisionsReply.self,
                        schema_watch_decisions_reply()
                    ) { reply in
                        for decision in elements(reply.pointee.n_decisions, reply.pointee.decisions) { show(decision) }
                        return reply.pointee.position
                    }
                    Output.flush()
                    if !Output.isRead { return }
                }
            }
        } catch Ended.inTime {
            return
        } catch let failure as Failure {
            guard let last else { throw failure }
            throw Failure(failure.lines[0], "go on with --from \(last)")
        }
    }

    /// Its time is over as it was asked for.
    private enum Ended: Error {
        case inTime
    }

    private func next(of stream: ClientStream) async throws -> Payload? {
        do {
            return try await stream.receive()
        } catch let status as Status where status.code == .deadlineExceeded && length != nil {
            throw Ended.inTime
        }
    }

    private func show(_ message: UnsafePointer<Triggerd__V1__Decision>) {
        let decision = ShownDecision(message)
        guard json else { return Output.line("\(decision.user)  \(decision.line)") }
        var object: Object = ["sequence": .string(String(message.pointee.sequence))]
        for member in decision.json.members { object[member.name] = member.value }
        Output.json(object)
    }
}
