import CampaignFiles
@preconcurrency import Dispatch
import Engine
import Glibc
import Host
import Logging
import NIOPosix
import PluginSchemas
import RPC
import Storage
import StorageRocksDB
import SystemPackage
import TriggerdClient

/// One run of the daemon, from its parts to its end.
struct ServeRun {
    /// Those of the command line.
    let doors: [DaemonFile.Door]
    /// The file of more doors, and of limits.
    let configuration: String?
    let data: String
    let campaigns: String?
    let prunes: Bool
    let plugins: String
    let keepEvents: Length
    let settings: ChannelSettings

    func run() async throws {
        let end = EndSignal()
        say("time zones: \(Zones.description)")
        let reload = ReloadSignal {
            Zones.reload()
            say("time zones: \(Zones.description)")
        }
        defer { reload.cancel() }
        let configured = try readConfiguration()
        var limits = try LimitSettings(configured.limits, file: configuration ?? "")
        let doors = try openedDoors(configured)
        limits.connection.fit(try Descriptors.raise(for: doors.count, atMost: limits.connection.connections))
        let logger = Self.logger()
        Zones.onDamage { logger.error("\($0)") }
        let registry = try loadPlugins()
        let reader = CampaignReader(registry)
        let files = try readCampaigns(reader)

        // Before the store is opened, which drops what is too old.
        if let fault = Clock.system.fault { throw Failure(fault) }
        let store: any Store
        let underWay: UnderWayFile
        do {
            let opened = try RocksDBStore(
                folder: data,
                retention: Retention(events: keepEvents, now: Clock.system.now),
                damage: StoreDamage { logger.error("\($0)") }
            )
            for note in opened.notes { logger.warning("\(note)") }
            store = opened
            underWay = try UnderWayFile(data + "/under-way")
        } catch {
            throw Failure("the data folder \(data): \(error)")
        }
        say("data: \(data)")
        let daemon: Daemon
        limits.host.core.keepsEvents = keepEvents != .zero
        do {
            daemon = try Daemon(
                store: store,
                underWay: underWay,
                plugins: registry,
                channels: try startChannels(registry),
                readFile: { name, text in reader.read(file: name, text: text) },
                limits: limits.host,
                logger: logger
            )
            let applied = try daemon.apply(files, prunes: prunes)
            if let workspace = applied.workspace {
                if !workspace.gone.isEmpty {
                    say("workspace: no more: \(workspace.gone.joined(separator: ", "))")
                }
                for warning in workspace.warnings { say("warning: \(warning)") }
            }
            for status in applied.statuses {
                for warning in status.warnings { say("warning: \(status.campaign.id): \(warning)") }
            }
            if !applied.deleted.isEmpty {
                say("deleted, as they have no file: \(applied.deleted.map(\.string).joined(separator: ", "))")
            }
        } catch {
            store.close()
            underWay.close()
            throw Failure(of: error)
        }
        let count = daemon.campaigns.count
        say("campaigns: \(count == 0 ? "none" : daemon.campaigns.all.map(\.id.string).joined(separator: ", "))")

        let group = MultiThreadedEventLoopGroup.singleton
        let server = try Server(
            services: daemon.services,
            needs: MethodTable.needs,
            limits: limits.connection,
            readFile: DoorFiles.read,
            logger: logger,
            group: group
        )
        do {
            for door in doors { try await listen(server, door) }
        } catch {
            await server.shutdown(grace: .zero)
            daemon.stop()
            throw Failure(of: error)
        }
        let doorReload = doors.contains(where: \.hasFiles) ? DoorReload(server) : nil
        defer { doorReload?.cancel() }
        StartupPages.release()
        say("ready")

        await end.wait()
        say("draining")
        await server.shutdown(grace: ServeLimits.grace)
        daemon.stop()
        say("stopped")
    }

    private func readConfiguration() throws -> DaemonFile {
        guard let configuration else { return DaemonFile() }
        let reader = CampaignReader.ofConfiguration
        // Whoever may change it opens doors.
        guard let text = String(validating: try DoorFiles.read(configuration, isSecret: false), as: UTF8.self) else {
            throw Failure("\(configuration) is not UTF-8")
        }
        switch reader.readConfiguration(file: configuration, text: text, limits: LimitSettings.names) {
        case .success(let read): return read
        case .failure(let problems): throw Failure(lines: problems.all.map(\.description))
        }
    }

    /// Those of the command line and of the file; every fault is told at once.
    private func openedDoors(_ configured: DaemonFile) throws -> [Door] {
        let written =
            doors.map { ($0, $0.address) }
            + configured.doors.enumerated().map { ($0.element, "\(configuration ?? ""): listen[\($0.offset)]") }
        var (opened, faults): ([Door], [String]) = ([], [])
        for (door, place) in written {
            do throws(Failure) {
                opened.append(try DoorSettings.door(door, place: place))
            } catch {
                faults += error.lines
            }
        }
        guard faults.isEmpty else { throw Failure(lines: faults) }
        return opened
    }

    private func listen(_ server: Server, _ door: Door) async throws {
        let (scheme, host, port): (String, String, Int)
        switch door.place {
        case .unix(let place):
            try Self.makeFolder(of: place.path)
            try Self.checkFolder(of: place.path)
            try await server.listen(door)
            say("listening: \(place.path)")
            return
        case .tcp(let name, let number): (scheme, host, port) = ("", name, number)
        case .tls(let name, let number, _): (scheme, host, port) = ("tls://", name, number)
        }
        let address = try await server.listen(door)
        let place = "\(scheme)\(DaemonAddress.bracketed(address?.ipAddress ?? host)):\(address?.port ?? port)"
        if door.admission.knowsNobody {
            say("warning: nobody has a role at \(place): let somebody in with --allow token:FILE=ROLES")
        }
        say("listening: \(place)")
    }

    private func loadPlugins() throws -> PluginRegistry {
        do throws(PluginRegistry.Problems) {
            let registry = try PluginRegistry(folder: plugins)
            for plugin in registry.loaded {
                let parts = plugin.triggerTypes.map { "trigger \($0)" } + plugin.channels.map { "channel \($0)" }
                say("plug-in: \(plugin.name) \(plugin.version) (\(parts.joined(separator: ", ")))")
            }
            return registry
        } catch {
            throw Failure(error)
        }
    }

    private func readCampaigns(_ reader: CampaignReader) throws -> CampaignSet {
        guard let campaigns else { return CampaignSet() }
        var read = CampaignSet()
        var problems: [CampaignProblem] = []
        for file in try Folder.campaignFiles(in: campaigns) {
            switch reader.read(file: file, text: try InputFile.text(file)) {
            case .success(let found):
                if !read.add(found) { throw Failure("\(file): a second workspace; one file says what holds for all") }
            case .failure(let errors): problems += errors.all
            }
        }
        guard problems.isEmpty else { throw Failure(lines: problems.map(\.description)) }
        if prunes, read.campaigns.isEmpty {
            throw Failure(
                "--prune: \(campaigns) has no campaign, and every campaign would be deleted",
                "delete them by name with `triggerd campaigns delete`"
            )
        }
        return read
    }

    private func startChannels(_ registry: PluginRegistry) throws -> [String: ChannelInstance] {
        for name in settings.channels where registry.registeredChannels[name] == nil {
            throw Failure("--set \(name)...: no channel \(name) is loaded")
        }
        var started: [String: ChannelInstance] = [:]
        for (name, channel) in registry.registeredChannels {
            started[name] = try ChannelInstance(
                channel,
                settings: try settings.settings(of: name, channel.settingFields),
                dataFolder: data
            )
        }
        return started
    }

    private static func makeFolder(of socket: String) throws(Failure) {
        guard socket.first != "@" else { return }  // An abstract one stands in no folder.
        let folder = FilePath(socket).removingLastComponent()
        do throws(Errno) {
            try Folder.make(folder)
        } catch {
            throw Failure(
                "the socket's folder \(folder.string) cannot be made: \(error)",
                "name another socket with --socket PATH"
            )
        }
    }

    /// Whoever may take the socket's file away can put their own in its place.
    private static func checkFolder(of socket: String) throws(Failure) {
        guard socket.first != "@" else { return }  // An abstract one stands in no folder.
        let folder = FilePath(socket).removingLastComponent()
        guard let fault = FileTrust.fault(of: folder.isEmpty ? "." : folder.string, .sharedFolder) else { return }
        throw Failure("the socket's folder: \(fault)")
    }

    private static func logger() -> Logger {
        LoggingSystem.bootstrap(LogLines.init)
        return Logger(label: "triggerd")
    }

    /// One line on standard output, at once.
    private func say(_ line: String) {
        Output.line(line)
        Output.flush()
    }
}

/// SIGTERM or SIGINT, once.
private final class EndSignal: Sendable {
    private let stream: AsyncStream<Void>
    private let sources: [any DispatchSourceSignal]

    init() {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        self.stream = stream
        sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield() }
            source.resume()
            return source
        }
    }

    func wait() async {
        for await _ in stream { return }
    }
}
