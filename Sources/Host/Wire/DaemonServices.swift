import Core
import RPC
import Schema

/// `triggerd.v1.Health`: the cheapest call.
struct HealthService {
    let health: Health
    let outbox: Outbox
    let campaigns: Published<CampaignRegistry>

    /// `status: SERVING`.
    private static let serving = Payload(bytes: [0x08, 0x01])
    private static let notServing = Payload(bytes: [0x08, 0x02])

    var service: Service {
        Service("triggerd.v1.Health", methods: ["Check": { call, _ in self.check(call) }])
    }

    private func check(_ call: Call) {
        // Whoever sees nothing else learns whether it serves: reasons name users, providers and files.
        guard call.roles.contains(.read) else {
            return call.reply(health.problem == nil ? Self.serving : Self.notServing)
        }
        let channels = outbox.conditions()
        guard !health.isWhole || !channels.degraded.isEmpty || !channels.retrying.isEmpty else {
            call.reply(Self.serving)
            return
        }
        Arena.use { arena in
            let reply = arena.make(triggerd__v1__health_reply__init)
            reply.pointee.status = TRIGGERD__V1__HEALTH_REPLY__STATUS__SERVING
            if let problem = health.problem {
                reply.pointee.status = TRIGGERD__V1__HEALTH_REPLY__STATUS__NOT_SERVING
                reply.pointee.reason = arena.text(problem.cut(to: WireLimits.conditionReason))
            }
            let damage = health.damage.all
            reply.pointee.n_damaged = damage.first.count
            reply.pointee.damaged = arena.texts(damage.first.map { $0.cut(to: WireLimits.conditionReason) })
            reply.pointee.damaged_count = UInt64(damage.count)
            reply.pointee.clock_ahead_ms = health.clockAhead.milliseconds
            reply.pointee.n_degraded = min(channels.degraded.count, WireLimits.conditions)
            reply.pointee.degraded = Self.messages(channels.degraded, in: arena)
            reply.pointee.n_retrying = min(channels.retrying.count, WireLimits.conditions)
            reply.pointee.retrying = Self.messages(channels.retrying, in: arena)
            let unknowns = outbox.unknownOutcomes().prefix(WireLimits.conditions)
            reply.pointee.n_unknown_outcomes = unknowns.count
            reply.pointee.unknown_outcomes = arena.array(
                unknowns.map { channel, service, count in
                    let message = arena.make(triggerd__v1__unknown_outcomes__init)
                    message.pointee.channel = arena.text(channel)
                    message.pointee.service = arena.text(service)
                    message.pointee.count = UInt64(count.count)
                    message.pointee.reason = arena.text(count.reason.cut(to: WireLimits.conditionReason))
                    message.pointee.last_ms = count.last.milliseconds
                    return message
                }
            )
            let held = campaigns.get().held
            reply.pointee.held_count = UInt64(held.count)
            reply.pointee.n_held = min(held.count, WireLimits.conditions)
            reply.pointee.held = arena.array(
                held.prefix(WireLimits.conditions).map { status in
                    let message = arena.make(triggerd__v1__held_campaign__init)
                    message.pointee.campaign = arena.text(status.head.id)
                    message.pointee.reason = arena.text("\(status.held[0])".cut(to: WireLimits.conditionReason))
                    return message
                }
            )
            call.finish(arena.answer(call, reply))
        }
    }

    private static func messages(
        _ conditions: [ChannelCondition],
        in arena: Arena
    ) -> UnsafeMutablePointer<UnsafeMutablePointer<Triggerd__V1__DegradedChannel>?>? {
        arena.array(
            conditions.prefix(WireLimits.conditions).map { condition in
                let message = arena.make(triggerd__v1__degraded_channel__init)
                message.pointee.channel = arena.text(condition.channel)
                message.pointee.service = arena.text(condition.service)
                message.pointee.reason = arena.text(condition.reason.cut(to: WireLimits.conditionReason))
                message.pointee.since_ms = condition.since.milliseconds
                message.pointee.waiting = UInt64(max(0, condition.waiting))
                return message
            }
        )
    }
}

/// `triggerd.v1.Plugins`: what is loaded.
struct PluginsService {
    let plugins: PluginRegistry

    var service: Service {
        Service("triggerd.v1.Plugins", methods: ["List": { self.list($0, $1) }])
    }

    private func list(_ call: Call, _ asked: Request) {
        call.withRequest(asked, Triggerd__V1__ListPluginsRequest.self, schema_list_plugins_request()) {
            request,
            arena throws(Status) in
            let loaded = plugins.loaded
            let first = try request.pointee.page.asPage() ?? 0
            var page = ReplyPage<UnsafeMutablePointer<Triggerd__V1__Plugin>>()
            for plugin in loaded.dropFirst(Int(clamping: first)) {
                let message = Self.message(plugin, in: arena)
                guard page.add(message, arena.size(of: message)) else { break }
            }
            let reply = arena.make(triggerd__v1__list_plugins_reply__init)
            reply.pointee.n_plugins = page.rows.count
            reply.pointee.plugins = arena.array(page.rows)
            let next = Int(clamping: first) + page.rows.count
            if next < loaded.count { reply.pointee.next_page = arena.text(String(next)) }
            reply.pointee.time_zones = arena.text(Zones.description)
            call.finish(arena.answer(call, reply))
        }
    }

    private static func message(
        _ plugin: PluginRegistry.LoadedPlugin,
        in arena: Arena
    ) -> UnsafeMutablePointer<Triggerd__V1__Plugin> {
        let message = arena.make(triggerd__v1__plugin__init)
        message.pointee.name = arena.text(plugin.name)
        message.pointee.version = arena.text(plugin.version)
        message.pointee.file = arena.text(plugin.file)
        message.pointee.n_trigger_types = plugin.triggerTypes.count
        message.pointee.trigger_types = arena.texts(plugin.triggerTypes)
        message.pointee.n_channels = plugin.channels.count
        message.pointee.channels = arena.texts(plugin.channels)
        message.pointee.calls = plugin.calls
        message.pointee.failures = plugin.failures
        return message
    }
}

extension Arena {
    func texts(_ strings: [String]) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
        array(strings.map(text))
    }
}
