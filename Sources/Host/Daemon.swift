import Core
import Engine
import Foundation
import Logging
import RPC
import Storage

/// The daemon without its sockets: the engine's thread, the outbox, and the services that clients call.
package final class Daemon: Sendable {
    private let engine: EngineThread
    private let outbox: Outbox
    private let campaignChanges: CampaignChanges
    private let store: any Store
    private let underWay: UnderWayFile
    private let plugins: PluginRegistry
    private let engineThread: BackgroundThread
    private let lineThreads: [BackgroundThread]
    private let readers: Readers
    private let decoders: Decoders
    private let feed: DecisionFeed
    private let limits: HostLimits
    private let readFile: ReadCampaignFile
    private let channels: [String: ChannelInstance]
    private let clock: Clock

    /// Reads the campaigns of the store and begins to work. What nobody can serve is held (14); throws what the store
    /// cannot do.
    /// - Parameter underWay: what channels had when the daemon died.
    package init(
        store: any Store,
        underWay: UnderWayFile,
        plugins: PluginRegistry,
        channels: [String: ChannelInstance],
        readFile: @escaping ReadCampaignFile,
        limits: HostLimits = HostLimits(),
        clock given: Clock? = nil,
        logger: Logger
    ) throws {
        self.store = store
        self.underWay = underWay
        self.plugins = plugins
        self.limits = limits
        self.readFile = readFile
        self.channels = channels
        let newest = try Self.newestReceipt(store, logger)
        let clock =
            given
            ?? .steady(from: newest) { step in
                let way = step < .zero ? "back" : "forward"
                let length = Length(milliseconds: abs(step.milliseconds))
                logger.warning("the system's clock was set \(way) by \(length): \(Self.consequence(step))")
            }
        self.clock = clock
        let registry = CampaignRegistry(
            try store.campaigns(),
            workspace: try store.workspace().map { try Workspace(packed: $0) } ?? Workspace(),
            plugins: plugins,
            limits: limits
        )
        for problem in registry.unreadable { logger.warning("\(problem)") }
        Self.tell(registry, logger)
        try VersionCounts.complete(in: store, registry.makeContext(identity: store.identity))
        let queue = WorkQueue(items: limits.queuedItems, bytes: limits.queuedBytes)
        let readers = Readers(
            threads: limits.readingThreads,
            calls: limits.queuedReads,
            bytes: limits.queuedReadBytes
        )
        self.readers = readers
        decoders = Decoders(bytes: limits.bytesToDecode)
        campaignChanges = CampaignChanges(
            registry,
            queue: queue,
            identity: store.identity,
            tallies: { try store.tallies() },
            limits: limits,
            clock: clock
        )
        let health = Health(damage: store.damage, clock: clock)
        health.hold(registry.held.count)
        let outbox = try Outbox(
            channels: channels,
            store: store,
            underWay: underWay,
            clock: clock,
            logger: logger,
            health: health,
            record: { work, tell in queue.put(own: work, tell) }
        )
        let upkeep = Upkeep(
            store: store,
            queue: queue,
            readers: readers,
            leave: { [campaignChanges] in campaignChanges.leaveSoon() },
            limits: limits,
            logger: logger
        )
        let last = try store.decisions(before: nil, limit: 1).first?.decision.sequence
        feed = DecisionFeed(newest: last ?? 0, most: HostLimits.watchers)
        let engine = try EngineThread(
            store: store,
            queue: queue,
            health: health,
            context: registry.makeContext(identity: store.identity),
            outbox: outbox,
            answers: Answers(readers: readers, largest: limits.bytesDecodedAtOnce),
            upkeep: upkeep,
            feed: feed,
            limits: limits,
            clock: clock,
            logger: logger
        )
        self.outbox = outbox
        self.engine = engine
        engineThread = BackgroundThread("triggerd-engine") { engine.run() }
        lineThreads = outbox.threads.map { BackgroundThread($0.name, $0.body) }
        // What still waits of campaigns that were stopped or deleted before this start.
        let ended = registry.table.everyHead.filter { !$0.stops.isEmpty || $0.deletedAt != nil }.map(\.number)
        if !ended.isEmpty { upkeep.sweep(Set(ended)) }
    }

    /// 14: what the store has and nobody can serve.
    private static func tell(_ registry: CampaignRegistry, _ logger: Logger) {
        for status in registry.held {
            let why = status.held.first.map { "\($0)" } ?? ""
            let more = status.held.count > 1 ? " (and \(status.held.count - 1) more)" : ""
            logger.warning(
                "\(why)\(more): it is held: nothing triggers and what waits waits, until it is applied corrected, what serves it is loaded, or it is deleted"
            )
        }
        for version in registry.replaced {
            guard let head = registry.table.head(version.number) else {
                preconditionFailure("version \(version) is replaced by a newer one, and its campaign has none")
            }
            logger.warning(
                "campaign \(head.id): version \(version.version) cannot be served any more: what waits under it goes on under version \(head.version)"
            )
        }
    }

    /// What the clock said when something was last recorded, where it is behind that now: it was set back while the
    /// daemon did not run, and what waits is to go on waiting for as long as it would have.
    private static func newestReceipt(_ store: any Store, _ logger: Logger) throws -> Instant? {
        let newest: Instant?
        let now = Clock.system.now()
        do {
            newest = try LastReceipt.after(now, in: store)
        } catch let error as StoreError where error.isDamage {
            return nil
        }
        guard let newest else { return nil }
        let ahead = newest - now
        guard ahead <= HostLimits.longestSetBack else {
            logger.warning(
                "the system's clock is \(ahead) behind what was recorded last: what was recorded then lies in the future"
            )
            return nil
        }
        logger.warning(
            "the system's clock was set back by \(ahead): \(consequence(Length(milliseconds: -ahead.milliseconds)))"
        )
        return newest
    }

    private static func consequence(_ step: Length) -> String {
        step < .zero
            ? "the daemon's time runs on, a little slower, until it has caught up"
            : "what became due meanwhile is done now"
    }

    package var services: [Service] {
        [
            HealthService(health: engine.health, outbox: outbox, campaigns: campaignChanges.current).service,
            OutboxService(queue: engine.queue, store: store, readers: readers, limits: limits).service,
            EventsService(
                queue: engine.queue,
                decoders: decoders,
                readers: readers,
                store: store,
                limits: limits
            ).service,
            InboxService(queue: engine.queue, feed: feed, clock: clock).service,
            CampaignsService(
                campaigns: campaignChanges,
                readFile: readFile,
                store: store,
                readers: readers,
                previews: previews,
                limits: limits
            ).service,
            DecisionsService(
                store: store,
                campaigns: campaignChanges.current,
                readers: readers,
                held: HeldMessages(outbox: outbox, clock: clock),
                feed: feed
            ).service,
            UsersService(queue: engine.queue, store: store, campaigns: campaignChanges.current, readers: readers)
                .service,
            PluginsService(plugins: plugins).service,
        ]
    }

    private var previews: CampaignPreviews {
        CampaignPreviews(
            campaigns: campaignChanges.current,
            readFile: readFile,
            store: store,
            readers: readers,
            plugins: plugins,
            tests: TestSends(channels: channels, clock: clock),
            clock: clock
        )
    }

    package var campaigns: CampaignTable { campaignChanges.current.get().table }

    /// Applies campaigns before anybody can call: all of them or none. `prunes`: those that are not among them are deleted.
    package func apply(
        _ set: CampaignSet,
        prunes: Bool = false
    ) throws(Refusal) -> (statuses: [CampaignStatus], deleted: [CampaignID], workspace: WorkspaceChange?) {
        guard !set.isEmpty else { return ([], [], nil) }
        let applied = try campaignChanges.applyAtStart(set, prunes: prunes)
        return (applied.statuses, applied.deleted, applied.workspace)
    }

    /// Does what was taken in, completes what was handed over, and closes the store. Call it once no call is under
    /// way any more.
    package func stop() {
        outbox.stop()
        engine.queue.close()
        // A line of which the channel does not return is left behind.
        for thread in lineThreads { thread.join(within: .seconds(1)) }
        engineThread.join()
        readers.stop()
        decoders.stop()
        store.close()
        underWay.close()
    }
}
