import ArgumentParser
import Engine
import Host
import Schema

struct Inbox: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take the in-app message that a user's client would show now.",
        discussion: """
            The message is leased for 30 s. With --acknowledge it counts as seen, with --action the user did something             with it; with --hold it is not shown for a while; without, it is queued again.

            EXAMPLES
              triggerd inbox u1
              triggerd inbox u1 --acknowledge --json
              triggerd inbox u1 --action clicked
              triggerd inbox u1 --hold 10m
              triggerd inbox u1 --follow --acknowledge
            """
    )

    @OptionGroup var daemon: DaemonOption
    @Argument(help: "The user.") var user: String
    @Flag(help: "Count it as seen.") var acknowledge = false
    @Option(help: "Count it as seen, and report what the user did: viewed, clicked or dismissed.")
    var action: String?
    @Option(help: ArgumentHelp("Do not show it for so long.", valueName: "length")) var hold: String?
    @Option(help: "The client; the one that has the message on lease is given it again.") var device = ""
    @Flag(help: "Go on: each message as soon as it is to be shown.") var follow = false
    @Flag(help: "One JSON object a message.") var json = false

    func validate() throws {
        if let action, !["viewed", "clicked", "dismissed"].contains(action) {
            throw ValidationError("--action \(action): write viewed, clicked or dismissed")
        }
        if let hold { _ = try Length(hold, option: "--hold", example: "10m") }
        if hold != nil, acknowledge || action != nil {
            throw ValidationError("a message is either held or acknowledged")
        }
    }

    func run() async throws {
        try await daemon.withConnection { connection in
            if follow { return try await follow(connection) }
            let request = packed(triggerd__v1__lease_request__init) { request, arena in
                request.pointee.user = arena.text(user)
                request.pointee.device = arena.text(device)
            }
            let lease = try await connection.call(
                "Inbox",
                "Lease",
                request,
                Triggerd__V1__LeaseReply.self,
                schema_lease_reply()
            ) { reply in reply.pointee.message.map { ReadLease($0) } }
            guard let lease else {
                if !json { Output.line("nothing to show to \(user) now") }
                return
            }
            try await show(lease, connection)
        }
    }

    /// Until the daemon ends, or nobody reads on.
    private func follow(_ connection: DaemonConnection) async throws {
        let request = packed(triggerd__v1__watch_inbox_request__init) { request, arena in
            request.pointee.user = arena.text(user)
            request.pointee.device = arena.text(device)
        }
        let stream = try await connection.open("Inbox", "Watch", request)
        while Output.isRead, let message = try await stream.receive() {
            let lease = try connection.read(message, Triggerd__V1__WatchInboxReply.self, schema_watch_inbox_reply()) {
                $0.pointee.message.map { ReadLease($0) }
            }
            if let lease { try await show(lease, connection) }
            Output.flush()
        }
    }

    private func show(_ lease: ReadLease, _ connection: DaemonConnection) async throws {
        if json { Output.json(lease.json) } else { Output.lines(lease.lines) }
        if let hold = hold.flatMap({ Length($0) }) {
            let request = packed(triggerd__v1__hold_request__init) { request, arena in
                request.pointee.user = arena.text(user)
                request.pointee.token = lease.token
                request.pointee.for_ms = hold.milliseconds
            }
            try await connection.call(
                "Inbox",
                "Hold",
                request,
                Triggerd__V1__HoldReply.self,
                schema_hold_reply()
            ) { _ in }
        }
        if acknowledge || action != nil {
            let request = packed(triggerd__v1__acknowledge_request__init) { request, arena in
                request.pointee.user = arena.text(user)
                request.pointee.token = lease.token
                request.pointee.action = arena.text(action ?? "")
            }
            try await connection.call(
                "Inbox",
                "Acknowledge",
                request,
                Triggerd__V1__AcknowledgeReply.self,
                schema_acknowledge_reply()
            ) { _ in }
        }
    }
}

/// An in-app message as a reply carries it.
struct ReadLease {
    let token: UInt64
    let campaign: String
    let channel: String
    let fields: Object
    let ends: Instant

    init(_ message: UnsafePointer<Triggerd__V1__Lease>) {
        let lease = message.pointee
        token = lease.token
        campaign = String(cString: lease.campaign)
        channel = String(cString: lease.channel)
        fields = Object(lease.fields, count: lease.n_fields)
        ends = Instant(milliseconds: lease.ends_ms)
    }

    var json: Object {
        [
            "token": .string(String(token)), "campaign": .string(campaign), "channel": .string(channel),
            "fields": .object(fields), "ends": .string(ends.description),
        ]
    }

    var lines: [String] {
        ["\(campaign) (\(channel)), leased until \(ends)"] + fields.members.map { "  \($0.name): \($0.value.plain)" }
    }
}

struct Plugins: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the plug-ins that the daemon has loaded, and its zone database.",
        discussion: """
            EXAMPLES
              triggerd plugins
            """
    )

    @OptionGroup var daemon: DaemonOption
    @Flag(help: "One JSON object a line.") var json = false

    func run() async throws {
        try await daemon.withConnection { connection in
            var plugins: [Object] = []
            var (page, zones) = ("", "")
            repeat {
                let request = packed(triggerd__v1__list_plugins_request__init) { request, arena in
                    request.pointee.page = arena.text(page)
                }
                let (more, next, timeZones) = try await connection.call(
                    "Plugins",
                    "List",
                    request,
                    Triggerd__V1__ListPluginsReply.self,
                    schema_list_plugins_reply()
                ) { reply in
                    (
                        elements(reply.pointee.n_plugins, reply.pointee.plugins).map { plugin -> Object in
                            func texts(_ count: Int, _ array: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?)
                                -> Value
                            {
                                .array((0..<count).compactMap { array?[$0].map { .string(String(cString: $0)) } })
                            }
                            return [
                                "name": .string(String(cString: plugin.pointee.name)),
                                "version": .string(String(cString: plugin.pointee.version)),
                                "triggers": texts(plugin.pointee.n_trigger_types, plugin.pointee.trigger_types),
                                "channels": texts(plugin.pointee.n_channels, plugin.pointee.channels),
                                "calls": .integer(Int64(clamping: plugin.pointee.calls)),
                                "failures": .integer(Int64(clamping: plugin.pointee.failures)),
                                "file": .string(String(cString: plugin.pointee.file)),
                            ]
                        }, String(cString: reply.pointee.next_page), String(cString: reply.pointee.time_zones)
                    )
                }
                plugins += more
                (page, zones) = (next, timeZones)
            } while !page.isEmpty
            if !json { Output.line("time zones \(zones)") }
            for plugin in plugins {
                if json { Output.json(plugin) } else { Output.line(Self.line(plugin)) }
            }
        }
    }

    private static func line(_ plugin: Object) -> String {
        plugin.members.map { member in
            member.value.texts.isEmpty
                ? "\(member.name) \(member.value.plain)"
                : member.name == "name"
                    ? member.value.plain
                    : "\(member.name) \(member.value.texts.map(\.string).joined(separator: ", "))"
        }.filter { !$0.hasSuffix("[]") }.joined(separator: "  ")
    }
}

struct Health: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask the daemon whether it serves.",
        discussion: """
            Exit status 0 where it serves, else 1, also where it does not answer within 5 s. A channel whose provider takes nothing is named as degraded: its \
            messages wait. Campaigns that are held trigger nothing, and their sends wait. Records of the store that do not read are named as damaged: what needs them is refused. \
            Everything else goes on.

            EXAMPLES
              triggerd health && echo up
              triggerd health --timeout 1s --json
            """
    )

    @OptionGroup var daemon: DaemonOption
    @Flag(help: "One JSON object.") var json = false

    func run() async throws {
        try await daemon.withConnection(timeout: CommandLimits.health) { connection in
            let (serves, reason, degraded, retrying, damaged, damagedCount, clockAhead, unknowns, held, heldCount) =
                try await connection.call(
                    "Health",
                    "Check",
                    packed(triggerd__v1__health_request__init),
                    Triggerd__V1__HealthReply.self,
                    schema_health_reply()
                ) { reply in
                    (
                        reply.pointee.status == TRIGGERD__V1__HEALTH_REPLY__STATUS__SERVING,
                        String(cString: reply.pointee.reason),
                        elements(reply.pointee.n_degraded, reply.pointee.degraded).map(Self.object),
                        elements(reply.pointee.n_retrying, reply.pointee.retrying).map(Self.object),
                        elements(reply.pointee.n_damaged, reply.pointee.damaged).map { String(cString: $0) },
                        Int64(clamping: reply.pointee.damaged_count),
                        Length(milliseconds: reply.pointee.clock_ahead_ms),
                        elements(reply.pointee.n_unknown_outcomes, reply.pointee.unknown_outcomes).map {
                            tries -> Object in
                            [
                                "channel": .string(String(cString: tries.pointee.channel)),
                                "service": .string(String(cString: tries.pointee.service)),
                                "count": .integer(Int64(clamping: tries.pointee.count)),
                                "reason": .string(String(cString: tries.pointee.reason)),
                                "last": .string(Instant(milliseconds: tries.pointee.last_ms).description),
                            ]
                        },
                        elements(reply.pointee.n_held, reply.pointee.held).map { campaign -> Object in
                            [
                                "campaign": .string(String(cString: campaign.pointee.campaign)),
                                "reason": .string(String(cString: campaign.pointee.reason)),
                            ]
                        },
                        Int64(clamping: reply.pointee.held_count)
                    )
                }
            if json {
                var object: Object = ["serving": .boolean(serves)]
                if !reason.isEmpty { object["reason"] = .string(reason) }
                object["degraded"] = .array(degraded.map(Value.object))
                object["retrying"] = .array(retrying.map(Value.object))
                object["damaged"] = .array(damaged.map { .string($0) })
                object["damaged_count"] = .integer(damagedCount)
                object["unknown_outcomes"] = .array(unknowns.map(Value.object))
                object["held"] = .array(held.map(Value.object))
                object["held_count"] = .integer(heldCount)
                object["clock_ahead_ms"] = .integer(clockAhead.milliseconds)
                Output.json(object)
            } else {
                Output.line(serves ? "serving" : "not serving: \(reason)")
                for channel in degraded { Output.line(Self.line("degraded", channel)) }
                for channel in retrying { Output.line(Self.line("retrying", channel)) }
                for tries in unknowns { Output.line(Self.line(unknown: tries)) }
                for campaign in held { Output.line("held: \(campaign["reason"]?.string ?? "")") }
                if heldCount > held.count { Output.line("held: \(heldCount) in all") }
                for record in damaged { Output.line("damaged: \(record)") }
                if damagedCount > damaged.count { Output.line("damaged: \(damagedCount) in all") }
                if clockAhead != .zero {
                    Output.line("the system's clock was set back: the daemon's time is \(clockAhead) ahead of it")
                }
            }
            if !serves { throw ExitCode(1) }
        }
    }

    private static func object(_ channel: UnsafePointer<Triggerd__V1__DegradedChannel>) -> Object {
        [
            "channel": .string(String(cString: channel.pointee.channel)),
            "service": .string(String(cString: channel.pointee.service)),
            "reason": .string(String(cString: channel.pointee.reason)),
            "since": .string(Instant(milliseconds: channel.pointee.since_ms).description),
            "waiting": .integer(Int64(clamping: channel.pointee.waiting)),
        ]
    }

    private static func line(_ word: String, _ channel: Object) -> String {
        func plain(_ name: String) -> String { channel[name]?.plain ?? "" }
        let waiting = plain("waiting") == "1" ? "1 message waits" : "\(plain("waiting")) messages wait"
        return "\(word): \(name(of: channel)): \(plain("reason")); since \(plain("since")), \(waiting)"
    }

    private static func line(unknown tries: Object) -> String {
        func plain(_ name: String) -> String { tries[name]?.plain ?? "" }
        return
            "unknown: \(name(of: tries)): of \(plain("count")) tries nobody knows whether the provider took them; the "
            + "last at \(plain("last")): \(plain("reason"))"
    }

    private static func name(of object: Object) -> String {
        let (channel, service) = (object["channel"]?.plain ?? "", object["service"]?.plain ?? "")
        return service.isEmpty ? channel : "\(channel) (\(service))"
    }
}
