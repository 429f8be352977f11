import Foundation
import Testing

/// Files and folders that somebody else could change are refused, with what mends that.
@Suite(.serialized)
struct FileTrustTests {
    private static let nobody: uid_t = 65_534

    /// What a start says that must be refused.
    private static func refusal(_ daemon: DaemonProcess, _ more: String...) throws -> String {
        let output = try DaemonProcess.run(["serve", "--data", daemon.data, "--socket", daemon.socket] + more)
        #expect(output.status == 1, "\(output.out) \(output.err)")
        return output.err
    }

    private static func starts(_ daemon: DaemonProcess, _ more: [String] = []) throws {
        try daemon.start(arguments: more)
        #expect(try daemon.run("health").status == 0)
        daemon.kill()
    }

    @Test("the data folder: not writable by others, the daemon's or root's, a link only of theirs")
    func dataFolder() throws {
        let daemon = try DaemonProcess(slow)
        try Self.starts(daemon)
        for path in [daemon.data, daemon.data + "/rocksdb"] {
            for mode: mode_t in [0o777, 0o770, 0o702] {
                chmod(path, mode)
                let said = try Self.refusal(daemon)
                #expect(said.contains("others may write to \(path): chmod go-w \(path)"), "\(said)")
            }
            chmod(path, 0o755)
            try Self.starts(daemon)
        }
        guard geteuid() == 0 else { return }
        chown(daemon.data, Self.nobody, 0)
        #expect(try Self.refusal(daemon).contains("belongs to user 65534, and the daemon runs as 0: chown 0 "))
        chown(daemon.data, 0, 0)

        let moved = daemon.folder.appending(path: "moved").path
        try FileManager.default.moveItem(atPath: daemon.data, toPath: moved)
        symlink(moved, daemon.data)
        try Self.starts(daemon)
        lchown(daemon.data, Self.nobody, 0)
        #expect(try Self.refusal(daemon).contains("the link \(daemon.data) belongs to user 65534"))
    }

    @Test(
        "what `lock`, `committed` and `under-way` hold is written over: never through a link, and nothing but a plain file"
    )
    func lock() throws {
        let daemon = try DaemonProcess(slow)
        try Self.starts(daemon)
        let precious = daemon.folder.appending(path: "precious").path
        for name in ["lock", "committed", "under-way"] {
            let path = daemon.data + "/" + name
            for kind in ["link", "second name", "pipe", "folder", "mode"] {
                try Data("precious".utf8).write(to: URL(fileURLWithPath: precious))
                try FileManager.default.removeItem(atPath: path)
                switch kind {
                case "link": symlink(precious, path)
                case "second name": link(precious, path)
                case "pipe": mkfifo(path, 0o600)
                case "folder": mkdir(path, 0o700)
                default:
                    try Data().write(to: URL(fileURLWithPath: path))
                    chmod(path, 0o666)
                }
                let said = try Self.refusal(daemon)
                #expect(said.contains(path), "\(kind): \(said)")
                #expect(said.contains("remove it") || said.contains("chmod go-w"), "\(kind): \(said)")
                #expect(try String(contentsOfFile: precious, encoding: .utf8) == "precious", "\(kind)")
            }
            try FileManager.default.removeItem(atPath: path)
            try Self.starts(daemon)
        }
    }

    @Test("the socket's folder: writable by others only where they cannot take away what is not theirs, as in /tmp")
    func socketFolder() throws {
        let daemon = try DaemonProcess(slow)
        chmod(daemon.folder.path, 0o777)
        #expect(try Self.refusal(daemon).contains("chmod go-w \(daemon.folder.path), or name another folder"))
        chmod(daemon.folder.path, 0o1777)
        try Self.starts(daemon)
        guard geteuid() == 0 else { return }
        chown(daemon.folder.path, Self.nobody, 0)
        #expect(try Self.refusal(daemon).contains("the socket's folder: "))
        chown(daemon.folder.path, 0, 0)
        chmod(daemon.folder.path, 0o700)
    }

    @Test("a secret's file: read by nobody but its owner, and the group that root lends it to")
    func secret() throws {
        let daemon = try DaemonProcess(slow)
        let file = daemon.folder.appending(path: "secret").path
        try Data("correct-horse-battery".utf8).write(to: URL(fileURLWithPath: file))
        let settings =
            ["--set", "email.url=smtp://localhost:1", "--set", "email.password_file=\(file)"]
            + ["--set", "email.username=u", "--set", "email.from=a@example.com"]
        func refused() throws -> String {
            let arguments = ["serve", "--data", daemon.data, "--socket", daemon.socket] + settings
            let output = try DaemonProcess.run(arguments)
            #expect(output.status == 1)
            #expect(!output.err.contains("battery"))
            return output.err
        }
        for mode: mode_t in [0o666, 0o644, 0o604, 0o620] {
            chmod(file, mode)
            #expect(try refused().contains("email.password_file: others may read or write \(file): chmod 600 \(file)"))
        }
        chmod(file, 0o600)
        guard geteuid() == 0 else { return }
        chown(file, Self.nobody, 0)
        #expect(try refused().contains("belongs to user 65534"))
        chown(file, 0, 0)
        chmod(file, 0o640)
        let link = daemon.folder.appending(path: "link").path
        symlink(file, link)
        lchown(link, Self.nobody, 0)
        #expect(
            try DaemonProcess.run(
                ["serve", "--data", daemon.data, "--socket", daemon.socket, "--set", "email.password_file=\(link)"]
            ).err.contains("the link \(link) belongs to user 65534")
        )
    }

    @Test("a plug-in and its folder: the daemon's or root's, not writable by others, whatever a link says")
    func plugins() throws {
        let daemon = try DaemonProcess()
        let folder = daemon.folder.appending(path: "plugins").path
        mkdir(folder, 0o755)
        let built = URL(fileURLWithPath: DaemonProcess.binary).deletingLastPathComponent()
        for name in ["trigger-custom-event", "channel-in-app"] {
            try FileManager.default.copyItem(
                at: built.appending(path: "lib\(name).so"),
                to: URL(fileURLWithPath: folder + "/\(name).so")
            )
        }
        let module = folder + "/channel-in-app.so"
        for path in [folder, module] {
            chmod(path, 0o777)
            #expect(try Self.refusal(daemon, "--plugins", folder).contains("chmod go-w \(path)"))
            chmod(path, 0o755)
            guard geteuid() == 0 else { continue }
            chown(path, Self.nobody, 0)
            #expect(try Self.refusal(daemon, "--plugins", folder).contains("chown 0 \(path)"))
            chown(path, 0, 0)
        }
        try Self.starts(daemon, ["--plugins", folder])
        // What is no shared object at all, however it ends, and a header that lies about where things stand.
        try Data("no module".utf8).write(to: URL(fileURLWithPath: folder + "/text.so"))
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: module)))
        for place in [40, 41, 46, 47] { bytes[place] = 0x7F }
        try Data(bytes).write(to: URL(fileURLWithPath: folder + "/lies.so"))
        try Self.starts(daemon, ["--plugins", folder])
    }
}
