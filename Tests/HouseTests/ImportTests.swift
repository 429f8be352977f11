import Foundation
import Testing

/// Holds the sources to the table of docs/architecture.md: a target imports what its row names, and nothing else.
struct ImportTests {
    /// Per folder: the modules that its files may import.
    static let house: [String: Set<String>] = [
        "Sources/Engine": [],
        "Sources/RPC": [
            "CUnixSockets", "DequeModule", "NIOCore", "NIOPosix", "NIOSSL", "NIOTLS", "Logging", "Synchronization",
            "Glibc",
            "Varint",
        ],
        "Sources/TriggerdClient": ["RPC", "Glibc", "Synchronization"],
        "Sources/PluginKit": ["PluginABI", "Synchronization"],
        "Sources/Varint": [],
        "Sources/storage-schema": ["Storage"],
        "Sources/Storage": ["Engine", "Varint", "CStorage", "Synchronization", "Glibc"],
        "Sources/Core": ["Engine", "Storage"],
        "Sources/Templates": ["Engine"],
        "Sources/Patterns": ["Engine", "CRE2"],
        "Sources/CampaignFiles": ["Engine", "Schema", "CYaml"],
        "Sources/StorageRocksDB": ["Storage", "Engine", "CStorage", "CRocksDB", "Synchronization", "Glibc"],
        "Sources/Host": [
            "CCrash", "Core", "Engine", "Storage", "RPC", "Schema", "PluginABI", "Templates", "Patterns", "Logging",
            "Metrics",
            "ServiceLifecycle", "Foundation", "_FoundationICU", "Dispatch", "Synchronization", "DequeModule",
            "HeapModule",
        ],
        // Paths and files by swift-system: Foundation's end the process on some, and speak of NSCocoaErrorDomain.
        "Sources/triggerd": [
            "ArgumentParser", "CampaignFiles", "CJemalloc", "Core", "Dispatch", "Engine", "Glibc", "Host", "Logging",
            "NIOPosix",
            "PluginSchemas", "RPC", "Schema", "Storage", "StorageRocksDB", "SystemPackage", "TriggerdClient",
        ],
        "Sources/PluginSchemas": ["CampaignFiles", "Engine", "Host", "Patterns"],
        "Sources/torture": [
            "ArgumentParser", "CampaignFiles", "Core", "Engine", "Glibc", "Host", "NaiveModel", "PluginSchemas",
            "Storage",
        ],
        "plugins/triggers": ["PluginKit", "Glibc"],
        "plugins/libraries/encodings": ["Glibc"],
        "plugins/libraries/http": ["PluginKit", "Encodings", "CHTTP", "Glibc"],
        "plugins/libraries/cryptography": ["CCryptography"],
        "plugins/channels/push": [
            "PluginKit", "HTTPClient", "Cryptography", "Encodings", "Push", "DequeModule", "Dispatch", "Foundation",
            "Synchronization",
        ],
        "plugins/channels/webhook": [
            "PluginKit", "HTTPClient", "Cryptography", "Encodings", "Webhook", "Dispatch", "Synchronization",
        ],
        "plugins/channels/in-app": ["PluginKit"],
        "plugins/channels/email": [
            "PluginKit", "CCurl", "Cryptography", "Encodings", "DequeModule", "Dispatch", "Glibc", "Synchronization",
        ],
    ]

    static let root: URL = {
        var folder = URL(fileURLWithPath: #filePath)
        while !FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.swift").path) {
            folder.deleteLastPathComponent()
        }
        return folder
    }()

    @Test("a target imports only what its row of the house names", arguments: house.keys.sorted())
    func imports(folder: String) throws {
        let files = try Self.swiftFiles(in: folder)
        #expect(!files.isEmpty, "\(folder) holds no Swift file: the table is out of date")
        let allowed = try #require(Self.house[folder])
        for file in files {
            for module in try Self.imports(of: file) {
                #expect(allowed.contains(module), "\(file.lastPathComponent) in \(folder) imports \(module)")
            }
        }
    }

    @Test("every folder of sources stands in the table")
    func complete() throws {
        let sources = Self.root.appendingPathComponent("Sources")
        for name in try FileManager.default.contentsOfDirectory(atPath: sources.path) {
            let hasSwift = try !Self.swiftFiles(in: "Sources/\(name)").isEmpty
            if hasSwift {
                #expect(Self.house["Sources/\(name)"] != nil, "Sources/\(name) is not in the table")
            }
        }
        for file in try Self.swiftFiles(in: "plugins") {
            let path = file.path.dropFirst(Self.root.path.count + 1)
            #expect(Self.house.keys.contains { path.hasPrefix("\($0)/") }, "\(path) is not in the table")
        }
    }

    static func swiftFiles(in folder: String) throws -> [URL] {
        let place = root.appendingPathComponent(folder)
        let all = FileManager.default.enumerator(at: place, includingPropertiesForKeys: nil)
        return (all?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
    }

    static func imports(of file: URL) throws -> [String] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").drop {
                $0.hasPrefix("@") || ["package", "public", "private", "internal"].contains($0)
            }
            guard words.first == "import", let module = words.dropFirst().first else { return nil }
            return String(module.split(separator: ".")[0])
        }
    }
}
