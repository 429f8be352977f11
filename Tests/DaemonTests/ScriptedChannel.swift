import Foundation
import Testing

/// A daemon with a channel of a stranger's, which does what a file says.
final class ScriptedChannel {
    struct Sent: Equatable {
        var key: String
        var user: String
        var attempt: Int
        var addresses: [String]
    }

    let daemon: DaemonProcess
    private let plugins: URL
    /// `scripted`, or `scripted_once`, which is never sent again where nobody knows.
    let channel: String

    init(_ channel: String = "scripted") throws {
        self.channel = channel
        daemon = try DaemonProcess(
            """
            campaign: c
            trigger: {type: custom_event, event: e}
            re_eligibility: {after: 0s}
            messages: [{channel: \(channel), text: "{{ event.text }}"}]
            """
        )
        plugins = daemon.folder.appending(path: "plugins")
        let files = FileManager.default
        try files.createDirectory(
            at: plugins,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755]
        )
        let built = URL(fileURLWithPath: DaemonProcess.binary).deletingLastPathComponent()
        for name in ["trigger-custom-event", "channel-in-app", "channel-email"] {
            try files.copyItem(
                at: built.appending(path: "lib\(name).so"),
                to: plugins.appending(path: "\(name).so")
            )
        }
        let compiled = try StrangerTests.tool([
            "cc", "-shared", "-fPIC", "-Wall", "-Werror", "-o", plugins.appending(path: "scripted.so").path,
            "-I", StrangerTests.root.appending(path: "Sources/PluginABI/include").path,
            StrangerTests.fixtures.appending(path: "scripted.c").path,
        ])
        #expect(compiled.status == 0, "\(compiled.out)")
    }

    func start(_ settings: String...) throws {
        try daemon.start(
            arguments: ["--plugins", plugins.path]
                + ["scripted", "scripted_once"].flatMap { ["--set", "\($0).folder=\(daemon.folder.path)"] }
                + settings.flatMap { ["--set", "\(channel).\($0)"] },
            // One that crashes does so at once.
            environment: ["SWIFT_BACKTRACE": "enable=no"]
        )
    }

    /// What every send from now on ends as.
    func tell(_ word: String) throws {
        try Data(word.utf8).write(to: daemon.folder.appending(path: "do"), options: .atomic)
    }

    /// Everything that the channel was ever handed.
    var sent: [Sent] {
        let text = (try? String(contentsOf: daemon.folder.appending(path: "sends"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map { line in
            let words = line.split(separator: " ").map(String.init)
            return Sent(key: words[0], user: words[1], attempt: Int(words[2]) ?? 0, addresses: Array(words[3...]))
        }
    }

    func event(_ user: String, text: String = "x") throws {
        let run = try events([(user, text)])
        #expect(run.status == 0, "\(run.err)")
    }

    /// In one call.
    @discardableResult
    func events(_ events: [(user: String, text: String)]) throws -> DaemonProcess.Output {
        let items = events.map { user, text in
            #"{"user": "\#(user)", "set": {"push_tokens": ["t-\#(user)", "s-\#(user)"]}, "#
                + #""type": "custom_event", "event": "e", "properties": {"text": "\#(text)"}}"#
        }
        return try daemon.run("track", "-", input: items.joined(separator: "\n") + "\n")
    }
}
