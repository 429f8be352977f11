import Foundation
import Testing

/// The clients of `clients/`, each tested in its own language beside the built daemon; the program of its README among
/// the tests.
@Suite(.serialized)
struct ClientTests {
    static let clients = StrangerTests.root.appending(path: "clients")

    /// What the programs of the READMEs speak of.
    static let campaign = """
        campaign: abandoned-cart
        trigger: {type: custom_event, event: add_to_cart, where: {property: cart_value, gte: 100}}
        delay: 30m
        messages: [{channel: email, subject: "{{ event.item }}", body: x}]
        """

    /// A folder that is gone afterwards.
    static func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "client-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    static func run(_ arguments: [String], _ environment: [String: String] = [:]) throws -> String {
        let run = try StrangerTests.tool(
            arguments,
            environment: environment.merging(["TRIGGERD": DaemonProcess.binary]) { $1 }
        )
        #expect(run.status == 0, "\(run.out)")
        return run.out
    }

    @Test("Python's, as pip installs it")
    func python() throws {
        let source = Self.clients.appending(path: "python").path
        try Self.withFolder { folder in
            // A copy: setuptools leaves its own files beside what it builds.
            _ = try Self.run(["cp", "-r", source, folder + "/source"])
            _ = try Self.run([
                "/usr/bin/python3", "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation",
                "--root-user-action", "ignore", "--target", folder + "/site", folder + "/source",
            ])
            _ = try Self.run(["rm", "-r", folder + "/source/triggerd"])
            let out = try Self.run(
                ["-C", folder + "/source", "/usr/bin/python3", "-W", "error", "-m", "unittest", "tests.test_client"],
                ["PYTHONPATH": folder + "/site"]
            )
            #expect(out.contains("\nOK\n"), "\(out)")
        }
    }
    @Test("Go's, over Debian's ttrpc")
    func go() throws {
        try Self.withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/src", withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/src/triggerd",
                withDestinationPath: Self.clients.appending(path: "go").path
            )
            let out = try Self.run(
                ["go", "test", "-vet=off", "-count=1", "triggerd"],
                [
                    "GO111MODULE": "off", "GOPATH": folder + ":/usr/share/gocode",
                    "GOCACHE": StrangerTests.root.appending(path: ".build/go").path,
                ]
            )
            #expect(out.hasPrefix("ok"), "\(out)")
        }
    }
    @Test("Node's, with nothing but Node")
    func node() throws {
        _ = try Self.run(["tsc", "--project", Self.clients.appending(path: "node/test").path])
        let out = try Self.run(["node", "--test", Self.clients.appending(path: "node/test/client.test.js").path])
        #expect(out.contains("# fail 0\n") && !out.contains("# pass 0\n"), "\(out)")
    }
    /// Builds the library and a program with it, in that folder; gives the program's path.
    static func cProgram(_ text: String, in folder: String) throws -> String {
        let source = clients.appending(path: "c").path
        let sanitizers = "-fsanitize=address,undefined"
        let flags = "CFLAGS=-g \(sanitizers) -fno-sanitize-recover"
        _ = try run(["make", "--silent", "-j2", "-C", source, "BUILD=\(folder)/c", flags])
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/program.c"))
        let strict = ["-std=c11", "-Wall", "-Wextra", "-Werror", sanitizers]
        let places = ["-I", folder + "/c/include", "-I", source, "-o", folder + "/c-program"]
        let libraries = ["-lprotobuf-c", "-lssl", "-lcrypto", "-lpthread"]
        _ = try run(["cc"] + strict + places + [folder + "/program.c", folder + "/c/libtriggerd.a"] + libraries)
        return folder + "/c-program"
    }

    @Test("C's, with the sanitizers")
    func c() throws {
        let source = Self.clients.appending(path: "c")
        try Self.withFolder { folder in
            let test = try String(contentsOf: source.appending(path: "test/test.c"), encoding: .utf8)
            #expect(try Self.run([Self.cProgram(test, in: folder)]).contains(" passed, 0 failed\n"))

            let readme = try String(contentsOf: source.appending(path: "README.md"), encoding: .utf8)
            let example = try #require(
                readme.components(separatedBy: "```c\n").last?.components(separatedBy: "```").first
            )
            let daemon = try DaemonProcess(Self.campaign)
            try daemon.start()
            let address = ["TRIGGERD_ADDRESS": "unix:\(daemon.socket)"]
            let told = try Self.run([Self.cProgram(example, in: folder)], address)
            #expect(told == "abandoned-cart scheduled\nscheduled\nnothing to show\n")
        }
    }
}
