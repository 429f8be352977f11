import Foundation
import Testing

/// Holds the folders of `Host` to their order: each may name the types of those before it, and none of those behind.
struct RowTests {
    /// In order, each with the modules that its files may import beside those of the rows before it.
    static let rows: [(name: String, imports: Set<String>)] = [
        (
            "Runtime",
            ["Engine", "Core", "Storage", "Schema", "Foundation", "Dispatch", "HeapModule", "Synchronization"]
        ),
        ("Modules", ["Templates", "Patterns", "PluginABI", "Logging", "_FoundationICU"]),
        ("Channels", ["DequeModule", "CCrash"]),
        ("Loop", ["RPC"]),
        ("Wire", []),
        ("Simulation", []),
    ]

    private struct File {
        let name: String
        let row: Int
        let code: String
    }

    @Test("every file of Host stands in a row, or puts them together")
    func complete() throws {
        let all = try Self.files()
        let outside = all.filter { $0.row == Self.rows.count }.map(\.name)
        #expect(outside == ["Daemon.swift"])
        for (index, row) in Self.rows.enumerated() { #expect(all.contains { $0.row == index }, "\(row.name) is empty") }
    }

    @Test("a row imports what it and the rows before it may")
    func imports() throws {
        var allowed: Set<String> = []
        for (index, row) in Self.rows.enumerated() {
            allowed.formUnion(row.imports)
            for file in try ImportTests.swiftFiles(in: "Sources/Host/\(row.name)") {
                for module in try ImportTests.imports(of: file) {
                    #expect(allowed.contains(module), "\(row.name)/\(file.lastPathComponent) imports \(module)")
                }
            }
            #expect(index < Self.rows.count)
        }
    }

    @Test("a row names no type of a row behind it")
    func order() throws {
        let files = try Self.files()
        let declaration = try Regex<(Substring, Substring)>(
            #"(?m)^(?:package |final |indirect |@\w+ )*(?:struct|class|enum|protocol|typealias) (\w+)"#
        )
        var rowOf: [Substring: Int] = [:]
        for file in files {
            for match in file.code.matches(of: declaration) { rowOf[match.output.1] = file.row }
        }
        #expect(rowOf.count > 80, "the declarations are not found any more")
        for file in files {
            for word in Set(file.code.matches(of: #/\b[A-Z]\w+/#).map(\.output)) {
                guard let row = rowOf[word] else { continue }  // A type of another target.
                #expect(row <= file.row, "\(file.name) names \(word)")
            }
        }
    }

    /// Without comments and texts.
    private static func files() throws -> [File] {
        let root = ImportTests.root.appendingPathComponent("Sources/Host").path + "/"
        return try ImportTests.swiftFiles(in: "Sources/Host").map { url in
            let name = String(url.path.dropFirst(root.count))
            let row = rows.firstIndex { name.hasPrefix($0.name + "/") } ?? rows.count
            let code = try String(contentsOf: url, encoding: .utf8)
                .replacing(#/"(?:\\.|[^"\\\n])*"/#, with: "\"\"").replacing(#/\/\/.*/#, with: "")
            return File(name: name, row: row, code: code)
        }
    }
}
