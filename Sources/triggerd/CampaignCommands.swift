import ArgumentParser
import Engine
import Host
import Schema

struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Apply campaign files: all of them, or none.",
        discussion: """
            EXAMPLES
              triggerd apply abandoned-cart.yaml welcome.yaml
              triggerd apply campaigns/ --prune
              generate-campaigns | triggerd apply -
            """
    )

    @OptionGroup var daemon: DaemonOption
    @Argument(help: "Campaign files, or folders of them; - is standard input.", completion: .file())
    var files: [String]
    @Flag(help: "Delete the campaigns that are in none of the files.") var prune = false
    @Flag(help: "One JSON object a line.") var json = false

    func run() async throws {
        let files = try files.flatMap { try Folder.campaignFiles(of: $0) }
        let texts = try files.map { ($0 == "-" ? "standard input" : $0, try InputFile.text($0)) }
        let bytes = texts.reduce(0) { $0 + $1.1.utf8.count }
        guard bytes <= CommandLimits.campaignFiles else {
            throw Failure(
                "the files have \(bytes) bytes together, and one request carries \(CommandLimits.campaignFiles)",
                "apply some of them at a time"
            )
        }
        try await daemon.withConnection { connection in
            let request = packed(triggerd__v1__apply_request__init) { request, arena in
                request.pointee.prune = prune ? 1 : 0
                request.pointee.n_files = texts.count
                request.pointee.files = arena.array(
                    texts.map { name, text in
                        let file = arena.make(triggerd__v1__campaign_file__init)
                        file.pointee.name = arena.text(name)
                        file.pointee.text = arena.text(text)
                        return file
                    }
                )
            }
            let (workspace, statuses, deleted) = try await connection.call(
                "Campaigns",
                "Apply",
                request,
                Triggerd__V1__ApplyReply.self,
                schema_apply_reply()
            ) { reply in
                (
                    reply.pointee.workspace.map { ReadWorkspace($0) },
                    elements(reply.pointee.n_campaigns, reply.pointee.campaigns).map(ReadStatus.init),
                    elements(reply.pointee.n_deleted, reply.pointee.deleted).map { String(cString: $0) }
                )
            }
            if let workspace { if json { Output.json(workspace.json) } else { Output.lines(workspace.lines) } }
            for status in statuses {
                if json {
                    Output.json(status.json)
                } else {
                    let done = status.changed ? "applied, version \(status.version)" : "unchanged"
                    Output.line("\(status.campaign): \(done)")
                    for warning in status.warnings { Output.line("  warning: \(warning)") }
                }
            }
            for campaign in deleted {
                if json {
                    Output.json(["campaign": .string(campaign), "deleted": true])
                } else {
                    Output.line("\(campaign): deleted")
                }
            }
        }
    }
}

struct Campaigns: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List, apply and delete campaigns.",
        discussion: """
            EXAMPLES
              triggerd campaigns
              triggerd campaigns --json | jq .campaign
              triggerd campaigns apply campaigns/ --prune
              triggerd campaigns delete abandoned-cart
            """,
        subcommands: [ListCampaigns.self, Apply.self, DeleteCampaign.self],
        defaultSubcommand: ListCampaigns.self
    )
}

struct DeleteCampaign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a campaign: everything that waits is cancelled, and its name is free again.",
        discussion: """
            What was decided about it stays readable. A campaign that others name is refused: change or delete those \
            first. One of the same name that is applied later is a new one, and nobody has received it.

            EXAMPLES
              triggerd campaigns delete abandoned-cart
            """
    )

    @OptionGroup var daemon: DaemonOption
    @Argument(help: "The campaign.") var campaign: String
    @Flag(help: "One JSON object.") var json = false

    func run() async throws {
        try await daemon.withConnection { connection in
            let request = packed(triggerd__v1__delete_campaign_request__init) { request, arena in
                request.pointee.campaign = arena.text(campaign)
            }
            let waiting = try await connection.call(
                "Campaigns",
                "Delete",
                request,
                Triggerd__V1__DeleteCampaignReply.self,
                schema_delete_campaign_reply()
            ) { $0.pointee.waiting }
            if json {
                Output.json(["campaign": .string(campaign), "deleted": true, "waiting": .integer(waiting)])
            } else {
                Output.line("\(campaign): deleted" + (waiting > 0 ? "; \(waiting) messages waited" : ""))
            }
        }
    }
}

struct ListCampaigns: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the campaigns.",
        discussion: """
            EXAMPLES
              triggerd campaigns
              triggerd campaigns --json | jq .campaign
            """
    )

    @OptionGroup var daemon: DaemonOption
    @Flag(help: "One JSON object a line.") var json = false

    func run() async throws {
        try await daemon.withConnection { connection in
            var page = ""
            var shown = 0
            repeat {
                let request = packed(triggerd__v1__list_campaigns_request__init) { request, arena in
                    request.pointee.page = arena.text(page)
                }
                let (statuses, next) = try await connection.call(
                    "Campaigns",
                    "List",
                    request,
                    Triggerd__V1__ListCampaignsReply.self,
                    schema_list_campaigns_reply()
                ) { reply in
                    (
                        elements(reply.pointee.n_campaigns, reply.pointee.campaigns).map(ReadStatus.init),
                        String(cString: reply.pointee.next_page)
                    )
                }
                for status in statuses { if json { Output.json(status.json) } else { Output.lines(status.lines) } }
                shown += statuses.count
                page = next
            } while !page.isEmpty
            if shown == 0, !json { Output.line("no campaigns; apply some with `triggerd apply FILE`") }
        }
    }
}

struct Stop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop a campaign: everything that waits is cancelled.",
        discussion: """
            EXAMPLES
              triggerd stop abandoned-cart
            """
    )

    @OptionGroup var daemon: DaemonOption
    @Argument(help: "The campaign.") var campaign: String

    func run() async throws {
        try await daemon.withConnection { connection in
            let request = packed(triggerd__v1__stop_campaign_request__init) { request, arena in
                request.pointee.campaign = arena.text(campaign)
            }
            Output.lines(
                try await connection.call(
                    "Campaigns",
                    "Stop",
                    request,
                    Triggerd__V1__CampaignStatus.self,
                    schema_campaign_status()
                ) { ReadStatus($0).lines }
            )
        }
    }
}

struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let a stopped campaign trigger again; what was cancelled stays cancelled.",
        discussion: """
            EXAMPLES
              triggerd resume abandoned-cart
            """
    )

    @OptionGroup var daemon: DaemonOption
    @Argument(help: "The campaign.") var campaign: String

    func run() async throws {
        try await daemon.withConnection { connection in
            let request = packed(triggerd__v1__resume_campaign_request__init) { request, arena in
                request.pointee.campaign = arena.text(campaign)
            }
            Output.lines(
                try await connection.call(
                    "Campaigns",
                    "Resume",
                    request,
                    Triggerd__V1__CampaignStatus.self,
                    schema_campaign_status()
                ) { ReadStatus($0).lines }
            )
        }
    }
}

/// What became of the workspace, as a reply carries it.
private struct ReadWorkspace {
    let changed: Bool
    let gone: [String]
    let warnings: [String]

    init(_ message: UnsafePointer<Triggerd__V1__AppliedWorkspace>) {
        let workspace = message.pointee
        changed = workspace.changed != 0
        gone = elements(workspace.n_gone, workspace.gone).map { String(cString: $0) }
        warnings = elements(workspace.n_warnings, workspace.warnings).map { "\(CampaignWarning($0))" }
    }

    var lines: [String] {
        let lost = gone.isEmpty ? "" : "; no more: \(gone.joined(separator: ", "))"
        return ["workspace: \(changed ? "applied" : "unchanged")\(lost)"] + warnings.map { "  warning: \($0)" }
    }

    var json: Object {
        var json: Object = ["workspace": .string(changed ? "applied" : "unchanged")]
        if !gone.isEmpty { json["gone"] = .array(gone.map(Value.string)) }
        if !warnings.isEmpty { json["warnings"] = .array(warnings.map(Value.string)) }
        return json
    }
}

extension CampaignWarning {
    fileprivate init(_ message: UnsafePointer<Triggerd__V1__CampaignWarning>) {
        let warning = message.pointee
        self.init(
            field: String(cString: warning.field),
            text: String(cString: warning.text),
            rule: String(cString: warning.rule)
        )
    }
}

/// A campaign as a reply carries it.
private struct ReadStatus {
    let campaign: String
    let isStopped: Bool
    /// Why it is held; empty where it is not.
    let held: [String]
    let version: UInt32
    let launchedAt: Instant
    let changed: Bool
    let trigger: String
    let channels: [String]
    let warnings: [String]
    /// Nil where the reply has none.
    let accounts: (matched: Int64, waiting: Int64, ended: [(decision: String, count: Int64)])?

    init(_ message: UnsafePointer<Triggerd__V1__CampaignStatus>) {
        let status = message.pointee
        campaign = status.definition.map { String(cString: $0.pointee.campaign) } ?? ""
        trigger = status.definition.flatMap { $0.pointee.trigger.map { String(cString: $0.pointee.type) } } ?? ""
        channels =
            status.definition.map { definition in
                elements(definition.pointee.n_messages, definition.pointee.messages).map {
                    String(cString: $0.pointee.channel)
                }
            } ?? []
        isStopped = status.state == TRIGGERD__V1__CAMPAIGN_STATUS__STATE__STOPPED
        held = elements(status.n_held, status.held).map { String(cString: $0) }
        version = status.version
        launchedAt = Instant(milliseconds: status.launched_at_ms)
        changed = status.changed != 0
        warnings = elements(status.n_warnings, status.warnings).map { "\(CampaignWarning($0))" }
        accounts = status.accounts.map { accounts in
            (
                accounts.pointee.matched, accounts.pointee.waiting,
                elements(accounts.pointee.n_ended, accounts.pointee.ended).map {
                    (String(cString: $0.pointee.decision), $0.pointee.count)
                }
            )
        }
    }

    var state: String { isStopped ? "stopped" : held.isEmpty ? "live" : "held" }

    var lines: [String] {
        let line =
            "\(campaign)  \(state)  version \(version), launched \(launchedAt), \(trigger) -> \(channels.joined(separator: ", "))"
        var why = held.map { "  held: \($0)" }
        if !why.isEmpty {
            why.append(
                "  to go on: apply it corrected, load the plug-in that serves it, or `triggerd campaigns delete`"
            )
        }
        // What became of every message: matched = waiting + all the rest.
        guard let accounts, accounts.matched > 0 else { return [line] + why }
        let parts = ["matched \(accounts.matched)", "waiting \(accounts.waiting)"]
        return [line] + why + [
            "  " + (parts + accounts.ended.map { "\($0.decision) \($0.count)" }).joined(separator: ", ")
        ]
    }

    var json: Object {
        var json: Object = [
            "campaign": .string(campaign), "state": .string(state), "version": .integer(Int64(version)),
            "launched_at": .string(launchedAt.description), "trigger": .string(trigger),
            "channels": .array(channels.map(Value.string)),
        ]
        if !held.isEmpty { json["held"] = .array(held.map(Value.string)) }
        if !warnings.isEmpty { json["warnings"] = .array(warnings.map(Value.string)) }
        if let accounts {
            json["matched"] = .integer(accounts.matched)
            json["waiting"] = .integer(accounts.waiting)
            json["ended"] = .object(Object(accounts.ended.map { Object.Member($0.decision, .integer($0.count)) }))
        }
        return json
    }
}
