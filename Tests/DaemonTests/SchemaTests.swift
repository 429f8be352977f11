import Foundation
import Testing

/// What a stranger generates from `proto/`: it compiles in other languages, and says what each field may be.
struct SchemaTests {
    private static let proto = StrangerTests.root.appending(path: "proto")
    private static let envelope = ["ttrpc.proto", "google/rpc/status.proto"]

    private static func schema() throws -> [String] {
        let folder = proto.appending(path: "triggerd/v1").path
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { "triggerd/v1/\($0)" }
    }

    /// Runs protoc in `proto/`, once with each list of arguments; `OUT` in them is a folder that is gone afterwards.
    private static func generated(_ runs: [[String]], _ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "schema-\(UUID().uuidString.prefix(8))")
        let source = folder.appending(path: "src")
        try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for arguments in runs {
            let named = arguments.map { $0.replacingOccurrences(of: "OUT", with: source.path) }
            let made = try StrangerTests.tool(["-C", proto.path, "protoc", "-I", "."] + named)
            #expect(made.status == 0, "\(made.out)")
        }
        try body(folder)
    }

    @Test("Python's stubs, with every method of the services")
    func python() throws {
        let files = try Self.schema() + Self.envelope
        let program = """
            import importlib, sys
            sys.path.insert(0, sys.argv[1])
            for file in sys.argv[2:]:
                made = importlib.import_module(file.removesuffix(".proto").replace("/", ".") + "_pb2")
                for service in made.DESCRIPTOR.services_by_name.values():
                    print(service.full_name, *sorted(method.name for method in service.methods))
            """
        try Self.generated([["--python_out=OUT", "--pyi_out=OUT"] + files]) { folder in
            let run = try StrangerTests.tool(["/usr/bin/python3", "-c", program, folder.path + "/src"] + files)
            #expect(run.status == 0, "\(run.out)")
            #expect(Set(run.out.split(separator: "\n").map(String.init)) == Self.documented)
        }
    }

    /// As docs/protocol.md has them.
    private static let documented: Set<String> = [
        "triggerd.v1.Campaigns Apply Delete Get List Preview Resume Stop", "triggerd.v1.Decisions Explain List Watch",
        "triggerd.v1.Events Stream Track", "triggerd.v1.Health Check", "triggerd.v1.Inbox Acknowledge Hold Lease Watch",
        "triggerd.v1.Outbox ListFailed Redrive", "triggerd.v1.Plugins List", "triggerd.v1.Users Delete Export Get",
    ]

    @Test("Go's messages compile")
    func go() throws {
        // Debian's packages have `Any` at its older place.
        let any = "--go_opt=Mgoogle/protobuf/any.proto=github.com/golang/protobuf/ptypes/any"
        let packages = [try Self.schema()] + Self.envelope.map { [$0] }
        try Self.generated(packages.map { [any, "--go_out=OUT"] + $0 }) { folder in
            let built = try StrangerTests.tool(
                [
                    "go", "build", "triggerd/v1", "github.com/containerd/ttrpc",
                    "google.golang.org/genproto/googleapis/rpc/status",
                ],
                environment: [
                    "GO111MODULE": "off", "GOPATH": folder.path + ":/usr/share/gocode",
                    "GOCACHE": StrangerTests.root.appending(path: ".build/go").path,
                ]
            )
            #expect(built.status == 0, "\(built.out)")
        }
    }

    @Test("C++'s classes compile")
    func cPlusPlus() throws {
        let files = try Self.schema() + Self.envelope
        try Self.generated([["--cpp_out=OUT"] + files]) { folder in
            // As one unit, which reads protobuf's headers once: two names of each file are the file's own.
            let all = files.enumerated().map { index, file in
                """
                #define schemas schemas_\(index)
                #define file_default_instances instances_\(index)
                #include "\(file.dropLast(6)).pb.cc"
                #undef schemas
                #undef file_default_instances

                """
            }
            let unit = folder.appending(path: "all.cc")
            try Data(all.joined().utf8).write(to: unit)
            let built = try StrangerTests.tool(
                [
                    "g++", "-std=c++17", "-fsyntax-only", "-Wno-deprecated-declarations", "-I", folder.path + "/src",
                    unit.path,
                ]
            )
            #expect(built.status == 0, "\(built.out)")
        }
    }

    @Test("every field says what it is", arguments: try schema() + envelope)
    func comments(file: String) throws {
        let text = try String(contentsOf: Self.proto.appending(path: file), encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        var blocks: [Substring] = []
        for (index, line) in lines.enumerated() {
            if line.hasSuffix("{") {
                blocks.append(line.prefix { $0 != " " })
            } else if line == "}" {
                blocks.removeLast()
            } else if line.contains(" = "), line.hasSuffix(";"), blocks.last == "message" || blocks.last == "oneof" {
                #expect(lines[index - 1].hasPrefix("//"), "\(file):\(index + 1): \(line)")
            }
        }
    }
}
