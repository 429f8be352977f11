import Engine
import Foundation
import Logging
import RPC
import Storage

/// The daemon without its sockets: the engine's thread, the outbox, and the services that clients call.
package final class Daemon: Sendable {
    private let engine: EngineThread
    private let outbox: Outbox
    private let store: any Store
    private let plugins: PluginRegistry
    private let threads: DaemonThreads
    private let readers = Readers()
    private let limits: HostLimits
    private let readFile: ReadCampaignFile

    /// Reads the campaigns of the store and begins to work. Throws what no loaded plug-in can serve, and what the
    /// store cannot do.
    package init(
        store: any Store,
        plugins: PluginRegistry,
        channels: [String: ChannelInstance],
        readFile: @escaping ReadCampaignFile,
        limits: HostLimits = HostLimits(),
        clock: Clock = .system,
        logger: Logger
    ) throws {
        self.store = store
        self.plugins = plugins
        self.limits = limits
        self.readFile = readFile
        let registry = try CampaignRegistry(
            try store.campaigns(),
            workspace: try store.workspace().map { try Workspace(packed: $0) } ?? Workspace(),
            plugins: plugins
        )
        let outbox = Outbox(channels: channels, store: store, limits: limits, clock: clock, logger: logger)
        let engine = try EngineThread(
            store: store,
            registry: registry,
            outbox: outbox,
            readers: readers,
            limits: limits,
            clock: clock,
            logger: logger
        )
        let queue = engine.queue
        outbox.settle = { work in _ = queue.put(work, isOwn: true) }
        self.outbox = outbox
        self.engine = engine
        threads = DaemonThreads(engine: { engine.run() }, outbox: { outbox.run() })
        engine.sweepWhatWasStopped()
    }

    package var services: [Service] {
        [
            HealthService(health: engine.health).service,
            EventsService(queue: engine.queue, limits: limits).service,
            InboxService(queue: engine.queue).service,
            CampaignsService(
                queue: engine.queue,
                campaigns: engine.published,
                readFile: readFile,
                store: store,
                readers: readers
            ).service,
            DecisionsService(store: store, readers: readers).service,
            UsersService(queue: engine.queue, store: store, campaigns: engine.published, readers: readers).service,
            PluginsService(plugins: plugins).service,
        ]
    }

    package var campaigns: CampaignTable { engine.published.get() }

    /// Applies campaigns before anybody can call: all of them or none.
    package func apply(_ set: CampaignSet) throws(Refusal) -> [CampaignStatus] {
        guard !set.isEmpty else { return [] }
        return try engine.applyAtStart(set)
    }

    /// Does what was taken in, completes what was handed over, and closes the store. Call it once no call is under
    /// way any more.
    package func stop() {
        outbox.stop()
        engine.queue.close()
        threads.join()
        store.close()
    }
}

/// The daemon's own two threads, with a stack that is known.
final class DaemonThreads: Sendable {
    private let ended: [DispatchSemaphore]

    init(engine: @escaping @Sendable () -> Void, outbox: @escaping @Sendable () -> Void) {
        ended = [("triggerd-engine", engine), ("triggerd-outbox", outbox)].map { name, body in
            let end = DispatchSemaphore(value: 0)
            let thread = Thread {
                body()
                end.signal()
            }
            thread.name = name
            thread.stackSize = 8 << 20
            thread.start()
            return end
        }
    }

    func join() {
        for end in ended { end.wait() }
    }
}
