import ArgumentParser
import Engine
import Host
import Schema

/// Which messages that no provider took are meant.
struct FailedSelection: ParsableArguments {
    @Option(help: "Only of this campaign.") var campaign: String?
    @Option(help: "Only of this channel.") var channel: String?
    @Option(help: "Only to this user.") var user: String?

    var isEmpty: Bool { campaign == nil && channel == nil && user == nil }

    /// Page by page, oldest first, until `body` gives false.
    func each(
        _ connection: DaemonConnection,
        _ body: ([ReadFailedMessage]) async throws -> Bool
    ) async throws {
        var page = ""
        repeat {
            let request = packed(triggerd__v1__list_failed_request__init) { request, arena in
                request.pointee.campaign = arena.text(campaign ?? "")
                request.pointee.channel = arena.text(channel ?? "")
                request.pointee.user = arena.text(user ?? "")
                request.pointee.limit = CommandLimits.failedOfPage
                request.pointee.page = arena.text(page)
            }
            let (messages, next) = try await connection.call(
                "Outbox",
                "ListFailed",
                request,
                Triggerd__V1__ListFailedReply.self,
                schema_list_failed_reply()
            ) { reply in
                (
                    elements(reply.pointee.n_messages, reply.pointee.messages).map(ReadFailedMessage.init),
                    String(cString: reply.pointee.next_page)
                )
            }
            guard try await body(messages) else { return }
            page = next
        } while !page.isEmpty
    }
}

struct Failed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the messages that no provider took, with payload and reason.",
        discussion: """
            The oldest stands first. They are kept for 30 days; `triggerd redrive` sends them after all.

            EXAMPLES
              triggerd failed
              triggerd failed --campaign abandoned-cart --channel email
              triggerd failed --json | jq -r .reason | sort | uniq -c
            """
    )

    @OptionGroup var daemon: DaemonOption
    @OptionGroup var selection: FailedSelection
    @Option(help: ArgumentHelp("At most so many messages.", valueName: "count")) var limit = 1_000
    @Flag(help: "One JSON object a line.") var json = false

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit is at least 1") }
    }

    func run() async throws {
        try await daemon.withConnection { connection in
            var shown = 0
            try await selection.each(connection) { messages in
                for message in messages.prefix(limit - shown) {
                    if json { Output.json(message.json) } else { Output.lines(message.lines) }
                    shown += 1
                }
                return shown < limit
            }
            if shown == 0, !json { Output.line(selection.isEmpty ? "no message failed" : "no such message failed") }
        }
    }
}

/// A message that no provider took, as a reply carries it.
struct ReadFailedMessage {
    let id: UInt64
    let json: Object
    private let campaign: String

    init(_ message: UnsafePointer<Triggerd__V1__FailedMessage>) {
        let failed = message.pointee
        id = failed.id
        campaign = String(cString: failed.campaign)
        let addresses = (0..<failed.n_addresses).compactMap { failed.addresses?[$0].map { String(cString: $0) } }
        json = [
            "id": .string(String(failed.id)),
            "failed_at": .string(Instant(milliseconds: failed.failed_at_ms).description),
            "user": .string(String(cString: failed.user)), "campaign": .string(campaign),
            "channel": .string(String(cString: failed.channel)),
            "decision": .string(String(cString: failed.decision)),
            "reason": .string(String(cString: failed.reason)), "attempts": .integer(Int64(failed.attempts)),
            "claimed_at": .string(Instant(milliseconds: failed.claimed_at_ms).description),
            "key": .string(String(cString: failed.key)), "addresses": .array(addresses.map(Value.string)),
            "fields": .object(Object(failed.fields, count: failed.n_fields)),
        ]
    }

    init(_ message: UnsafeMutablePointer<Triggerd__V1__FailedMessage>) {
        self.init(UnsafePointer(message))
    }

    var lines: [String] {
        func plain(_ name: String) -> String { json[name]?.plain ?? "" }
        let addresses = json["addresses"]?.texts.map(\.string).joined(separator: ", ") ?? ""
        var lines = [
            "\(plain("id"))  \(plain("failed_at"))  \(plain("user"))  \(campaign) (\(plain("channel")))",
            "  \(plain("decision")) after \(plain("attempts")) \(plain("attempts") == "1" ? "try" : "tries"): \(plain("reason"))",
        ]
        if !addresses.isEmpty { lines.append("  to: \(addresses)") }
        if case .object(let fields)? = json["fields"] {
            lines += fields.members.map { "  \($0.name): \($0.value.plain.prefix(CommandLimits.shownOfField))" }
        }
        return lines
    }
}
