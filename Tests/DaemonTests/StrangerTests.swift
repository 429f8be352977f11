import Foundation
import Testing

/// People who have the proto, the header or the wire, and none of our code.
@Suite(.serialized)
struct StrangerTests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    /// Runs a tool, and gives what it printed.
    static func tool(_ arguments: [String], environment: [String: String] = [:]) throws -> (status: Int32, out: String)
    {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let out = Pipe()
        process.standardOutput = out
        process.standardError = out
        try process.run()
        let printed = try out.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: printed, as: UTF8.self))
    }

    @Test("a plug-in in C: a trigger type and a channel, with nothing but the header")
    func plugin() throws {
        let campaign = """
            campaign: hello
            trigger: {type: greeting, word: bonjour}
            messages: [{channel: log, text: "{{ event.word }}, {{ user.id }}"}]
            """
        let daemon = try DaemonProcess(campaign)
        let plugins = daemon.folder.appending(path: "plugins")
        try FileManager.default.createDirectory(
            at: plugins,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755]
        )
        let include = Self.root.appending(path: "Sources/PluginABI/include").path
        let built = try Self.tool([
            "cc", "-shared", "-fPIC", "-Wall", "-Werror", "-o", plugins.appending(path: "greeting.so").path, "-I",
            include,
            Self.fixtures.appending(path: "greeting.c").path, "-lpthread",
        ])
        #expect(built.status == 0, "\(built.out)")
        // A library that is no plug-in is passed over, and none of its code runs.
        let other = daemon.folder.appending(path: "other.c")
        try Data("#include <stdlib.h>\n__attribute__((constructor)) static void f(void) { abort(); }".utf8).write(
            to: other
        )
        #expect(
            try Self.tool(["cc", "-shared", "-fPIC", "-o", plugins.appending(path: "other.so").path, other.path]).status
                == 0
        )

        try daemon.start("--plugins", plugins.path)
        #expect(try daemon.run("plugins").out.contains("greeting"))
        try daemon.run("track", "--user", "u", "--event", "hello", "--property", "word=hallo")
        #expect(try daemon.codes("u").isEmpty)
        try daemon.run("track", "--user", "u", "--event", "hello", "--property", "word=bonjour")
        try daemon.wait("the channel's answer") { try daemon.codes("u").first == "delivered" }
        #expect(try daemon.run("explain", "u").out.contains("from a thread"))

        // Of a field that holds anything, every text in it is a template.
        let extra = #", extra: {list: ["{{ event.word }}", 5, {deep: "{{ user.id|upcase }}"}]}}]"#
        let nested = campaign.replacingOccurrences(of: "}]", with: extra)
        let preview = try daemon.run("preview", "-", "--user", "u", "--event", #"{"word": "hei"}"#, input: nested)
        #expect(preview.out == "log\n  text: hei, u\n  extra: {\"list\": [\"hei\", 5, {\"deep\": \"U\"}]}\n")
        // A channel without a user's address, and without a url: a test of it would go where every message goes.
        let test = try daemon.run("preview", "-", "--user", "u", "--send-to", "me@x", input: campaign)
        #expect(test.status == 1)
        #expect(test.err.contains("send_to: the channel \"log\" has no address of a user's"), "\(test.err)")
        let faulty = nested.replacingOccurrences(of: "user.id|", with: "user.id||")
        #expect(
            try daemon.run("apply", "-", input: faulty).err.contains("messages[0].extra.list[2].deep: the template")
        )

        let wrong = campaign.replacingOccurrences(of: "word: bonjour", with: "wrod: bonjour")
        #expect(try daemon.run("apply", "-", input: wrong).err.contains("did you mean `word`?"))
        let long = campaign.replacingOccurrences(of: "bonjour", with: String(repeating: "x", count: 40))
        #expect(try daemon.run("apply", "-", input: long).err.contains("at most 32 bytes"))
        #expect(daemon.stop() == 0)

        // Whoever may write to a plug-in runs as the daemon.
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: plugins.path)
        let refused = try daemon.run(
            "serve",
            "--data",
            daemon.data,
            "--socket",
            daemon.socket,
            "--plugins",
            plugins.path
        )
        #expect(refused.status == 1)
        #expect(refused.err.contains("chmod go-w"))
    }

    @Test("a client in Python, from the proto alone")
    func python() throws {
        let daemon = try DaemonProcess(cart)
        try daemon.start()
        let generated = daemon.folder.appending(path: "generated")
        try FileManager.default.createDirectory(at: generated, withIntermediateDirectories: true)
        let protos = ["value", "decision", "inbox", "events", "daemon"].map { "proto/triggerd/v1/\($0).proto" }
        let compiled = try Self.tool(
            ["-C", Self.root.path, "protoc", "-I", "proto", "--python_out=\(generated.path)"] + protos
        )
        #expect(compiled.status == 0, "\(compiled.out)")
        // The system's Python has what apt installed; another one may stand before it in the path.
        let interpreter = try ["/usr/bin/python3", "python3"].first {
            try Self.tool([$0, "-c", "import google.protobuf"]).status == 0
        }
        let run = try Self.tool([
            try #require(interpreter, "install python3-protobuf"), Self.fixtures.appending(path: "client.py").path,
            daemon.socket, generated.path,
        ])
        #expect(run.status == 0, "\(run.out)")
        #expect(run.out == "cart scheduled py\n")
    }

    @Test("Debian's own Go client, 64 calls in flight")
    func goClient() throws {
        let daemon = try DaemonProcess()
        try daemon.start()
        let client = daemon.folder.appending(path: "wire").path
        let environment = [
            "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": daemon.folder.appending(path: "cache").path,
        ]
        let built = try Self.tool(
            ["go", "build", "-o", client, Self.root.appending(path: "Benchmarks/wire/wire.go").path],
            environment: environment
        )
        #expect(built.status == 0, "\(built.out)")
        for calls in ["1", "64"] {
            let run = try Self.tool([client, "call", daemon.socket, calls, "0.5"])
            #expect(run.status == 0, "\(run.out)")
            #expect(run.out.hasPrefix("\(calls) "))
        }
    }
}
