import ArgumentParser
import CampaignFiles
import Engine
import Glibc
import Host
import Logging
import RPC
import Storage
import StorageRocksDB
import SystemPackage

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the daemon.",
        discussion: """
            It says what it loaded and where it listens, a line each, and then \"ready\". SIGTERM and SIGINT drain: \
            calls under way are answered, nothing accepted is lost. SIGHUP reads the system's time zones again, and certificates, keys and tokens, which are also looked at each second.

            A channel's settings are given with --set, or as environment variables: TRIGGERD_EMAIL_URL is email.url.             Secrets come from the environment or from files: TRIGGERD_EMAIL_PASSWORD, or email.password_file=PATH.

            EXAMPLES
              triggerd serve --data ./data --campaigns ./campaigns
              triggerd serve --listen tcp://127.0.0.1:7420 --allow token:/etc/triggerd/shop.token=ingest
              triggerd serve --listen tls://0.0.0.0:7421 --tls-cert cert.pem --tls-key key.pem --tls-client-ca ca.pem \
                --allow cert:shop.internal=ingest,read
              triggerd serve --set email.url=smtp://localhost:25 --set email.from='Shop <shop@example.com>'
            """
    )

    @OptionGroup var socket: SocketOption
    @OptionGroup var doors: DoorOptions
    @Option(
        help: ArgumentHelp(
            "A file of more doors, and of limits (default: $TRIGGERD_CONFIG).",
            valueName: "file"
        ),
        completion: .file()
    )
    var config: String?
    @Option(
        help: ArgumentHelp(
            "The data folder (default: /var/lib/triggerd for root, else ~/.local/state/triggerd).",
            valueName: "dir"
        ),
        completion: .directory
    )
    var data: String?
    @Option(
        help: ArgumentHelp("Apply every campaign file in this folder, all or none.", valueName: "dir"),
        completion: .directory
    )
    var campaigns: String?
    @Flag(help: "Delete the campaigns that have no file in --campaigns any more.") var prune = false
    @Option(
        help: ArgumentHelp("The plug-ins (default: those that came with the program).", valueName: "dir"),
        completion: .directory
    )
    var plugins: String?
    @Option(help: ArgumentHelp("A channel's setting.", valueName: "channel.name=value"))
    var set: [String] = []

    @Option(
        help: ArgumentHelp(
            "Keep what comes in for so long, and up to 4 GiB of it, so that campaigns can be tried on it; 0s keeps none.",
            valueName: "length"
        )
    )
    var keepEvents = "30d"

    func validate() throws {
        _ = try Length(keepEvents, option: "--keep-events", example: "30d")
        for (option, folder) in [("--data", data), ("--campaigns", campaigns), ("--plugins", plugins)] {
            if let folder, folder.isEmpty { throw ValidationError("\(option) is empty: name a folder") }
        }
        if prune, campaigns == nil {
            throw ValidationError("--prune deletes what --campaigns has no file for: name the folder with --campaigns")
        }
        for setting in set { _ = try ChannelSettings.parse(setting) }
    }

    func run() async throws {
        try await ServeRun(
            doors: try doors.written(socket: socket.path),
            configuration: config ?? Environment.variable("TRIGGERD_CONFIG"),
            data: data ?? Self.standardData,
            campaigns: campaigns,
            prunes: prune,
            plugins: plugins ?? Self.standardPlugins,
            keepEvents: Length(keepEvents) ?? .zero,
            settings: try ChannelSettings(options: set)
        ).run()
    }

    private static var standardData: String {
        if geteuid() == 0 { return "/var/lib/triggerd" }
        if let state = Environment.variable("XDG_STATE_HOME") { return state + "/triggerd" }
        return (Environment.home ?? "") + "/.local/state/triggerd"
    }

    /// Beside an installed program `../lib/triggerd/plugins`, beside a built one its own folder.
    static var standardPlugins: String {
        let folder = Environment.program.removingLastComponent()
        let installed = folder.removingLastComponent().appending("lib/triggerd/plugins")
        return Folder.isFolder(installed.string) ? installed.string : folder.string
    }
}
