// swift-tools-version: 6.2
import PackageDescription

// The house of docs/architecture.md: a target exists where it forbids something.
// Tests/HouseTests holds every target to the imports that it may have.

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
]

/// What OpenSSL 3 calls out of date is not there at all.
let openSSL3: [CSetting] = [.define("OPENSSL_NO_DEPRECATED"), .define("OPENSSL_API_COMPAT", to: "30000")]

/// A plug-in: a dynamic library that the host loads, exporting its one entry symbol and nothing else.
func plugin(_ name: String, path: String, dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name,
        dependencies: ["PluginKit"] + dependencies,
        path: path,
        swiftSettings: strict,
        linkerSettings: [
            .unsafeFlags(["-Xlinker", "--version-script=\(Context.packageDirectory)/plugins/exports.map"])
        ]
    )
}

let package = Package(
    name: "triggerd",
    products: [
        .executable(name: "triggerd", targets: ["triggerd"]),
        .library(name: "TriggerdClient", targets: ["TriggerdClient"]),
        .library(name: "trigger-session-start", type: .dynamic, targets: ["TriggerSessionStart"]),
        .library(name: "trigger-purchase", type: .dynamic, targets: ["TriggerPurchase"]),
        .library(name: "trigger-custom-event", type: .dynamic, targets: ["TriggerCustomEvent"]),
        .library(name: "trigger-location", type: .dynamic, targets: ["TriggerLocation"]),
        .library(name: "trigger-email-added", type: .dynamic, targets: ["TriggerEmailAdded"]),
        .library(name: "trigger-attribute-changed", type: .dynamic, targets: ["TriggerAttributeChanged"]),
        .library(name: "trigger-conversion", type: .dynamic, targets: ["TriggerConversion"]),
        .library(name: "trigger-exception", type: .dynamic, targets: ["TriggerException"]),
        .library(name: "trigger-campaign-interaction", type: .dynamic, targets: ["TriggerCampaignInteraction"]),
        .library(name: "trigger-card-interaction", type: .dynamic, targets: ["TriggerCardInteraction"]),
        .library(name: "channel-push", type: .dynamic, targets: ["ChannelPush"]),
        .library(name: "channel-in-app", type: .dynamic, targets: ["ChannelInApp"]),
        .library(name: "channel-email", type: .dynamic, targets: ["ChannelEmail"]),
        .library(name: "channel-webhook", type: .dynamic, targets: ["ChannelWebhook"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // Floor 1
        .target(name: "Engine", swiftSettings: strict),
        .target(
            name: "RPC",
            dependencies: [
                "CUnixSockets", "Varint",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: strict
        ),
        .target(name: "CUnixSockets"),
        .target(name: "CJemalloc", linkerSettings: [.linkedLibrary("jemalloc")]),
        .target(name: "CCrash"),
        .target(name: "Varint", swiftSettings: strict),
        .target(name: "Schema", dependencies: ["CProtobufC"]),
        .systemLibrary(name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
        .target(name: "PluginABI"),

        // Floor 2
        .target(
            name: "TriggerdClient",
            dependencies: ["RPC"],
            exclude: ["Messages/generate.py"],
            swiftSettings: strict
        ),
        .target(name: "Storage", dependencies: ["Engine", "Varint", "CStorage"], swiftSettings: strict),
        .systemLibrary(name: "CStorage"),
        .target(
            name: "CampaignFiles",
            dependencies: ["Engine", "Schema", .product(name: "Yams", package: "Yams")],
            swiftSettings: strict
        ),
        .target(name: "Templates", dependencies: ["Engine"], swiftSettings: strict),
        .target(name: "Patterns", dependencies: ["Engine", "CRE2"], swiftSettings: strict),
        .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
        .target(name: "PluginKit", dependencies: ["PluginABI"], swiftSettings: strict),

        .target(name: "Core", dependencies: ["Engine", "Storage"], swiftSettings: strict),

        // Floor 3
        .target(
            name: "Host",
            dependencies: [
                "CCrash", "Core", "Engine", "Storage", "Templates", "Patterns", "RPC", "Schema", "PluginABI",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict,
            linkerSettings: [.linkedLibrary("_FoundationICU")]
        ),
        .target(
            name: "StorageRocksDB",
            dependencies: ["Storage", "Engine", "CStorage", "CRocksDB"],
            swiftSettings: strict
        ),
        .systemLibrary(name: "CRocksDB", providers: [.apt(["librocksdb-dev"])]),
        plugin("TriggerSessionStart", path: "plugins/triggers/session-start"),
        plugin("TriggerPurchase", path: "plugins/triggers/purchase"),
        plugin("TriggerCustomEvent", path: "plugins/triggers/custom-event"),
        plugin("TriggerLocation", path: "plugins/triggers/location"),
        plugin("TriggerEmailAdded", path: "plugins/triggers/email-added"),
        plugin("TriggerAttributeChanged", path: "plugins/triggers/attribute-changed"),
        plugin("TriggerConversion", path: "plugins/triggers/conversion"),
        plugin("TriggerException", path: "plugins/triggers/exception"),
        plugin("TriggerCampaignInteraction", path: "plugins/triggers/campaign-interaction"),
        plugin("TriggerCardInteraction", path: "plugins/triggers/card-interaction"),
        plugin("ChannelPush", path: "plugins/channels/push/Plugin", dependencies: ["Push"]),
        .target(
            name: "Push",
            dependencies: [
                "PluginKit", "HTTPClient", "Cryptography", "Encodings",
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            path: "plugins/channels/push/Sources",
            swiftSettings: strict
        ),
        plugin("ChannelInApp", path: "plugins/channels/in-app"),
        plugin(
            "ChannelEmail",
            path: "plugins/channels/email/Sources",
            dependencies: [
                "CCurl", "Cryptography", "Encodings", .product(name: "DequeModule", package: "swift-collections"),
            ]
        ),
        .target(
            name: "CCurl",
            dependencies: ["CTrust"],
            path: "plugins/channels/email/CCurl",
            linkerSettings: [.linkedLibrary("curl")]
        ),
        plugin("ChannelWebhook", path: "plugins/channels/webhook/Plugin", dependencies: ["Webhook"]),
        .target(
            name: "Webhook",
            dependencies: ["PluginKit", "HTTPClient", "Cryptography", "Encodings"],
            path: "plugins/channels/webhook/Sources",
            swiftSettings: strict
        ),
        .target(name: "Encodings", path: "plugins/libraries/encodings", swiftSettings: strict),
        .target(
            name: "HTTPClient",
            dependencies: ["PluginKit", "Encodings", "CHTTP"],
            path: "plugins/libraries/http/Sources",
            swiftSettings: strict
        ),
        .target(
            name: "CHTTP",
            dependencies: ["CTrust"],
            path: "plugins/libraries/http/CHTTP",
            cSettings: openSSL3,
            linkerSettings: [.linkedLibrary("curl"), .linkedLibrary("nghttp2"), .linkedLibrary("ssl")]
        ),
        .target(
            name: "CTrust",
            path: "plugins/libraries/trust",
            cSettings: openSSL3,
            linkerSettings: [.linkedLibrary("curl"), .linkedLibrary("ssl"), .linkedLibrary("crypto")]
        ),
        .target(
            name: "Cryptography",
            dependencies: ["CCryptography"],
            path: "plugins/libraries/cryptography/Sources",
            swiftSettings: strict
        ),
        .target(
            name: "CCryptography",
            path: "plugins/libraries/cryptography/CCryptography",
            cSettings: openSSL3,
            linkerSettings: [.linkedLibrary("crypto")]
        ),

        // Floor 4
        .executableTarget(
            name: "triggerd",
            dependencies: [
                "Core", "Host", "StorageRocksDB", "CampaignFiles", "PluginSchemas", "TriggerdClient", "CJemalloc",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: strict
        ),

        .executableTarget(name: "storage-schema", dependencies: ["Storage"], swiftSettings: strict),

        .target(
            name: "PluginSchemas",
            dependencies: ["CampaignFiles", "Engine", "Host", "Patterns"],
            swiftSettings: strict
        ),

        .executableTarget(
            name: "torture",
            dependencies: [
                "NaiveModel", "Core", "Engine", "Storage", "Host", "CampaignFiles", "PluginSchemas",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "NaiveModel",
            dependencies: ["CampaignFiles", "Core", "Engine"],
            path: "Tests/NaiveModel",
            swiftSettings: strict
        ),

        .executableTarget(
            name: "engine-bench",
            dependencies: ["Engine"],
            path: "Benchmarks/engine",
            swiftSettings: strict,
            linkerSettings: [.linkedLibrary("m")]
        ),

        .executableTarget(
            name: "record-bench",
            dependencies: ["Storage", "Engine"],
            path: "Benchmarks/records",
            swiftSettings: strict
        ),

        .executableTarget(
            name: "core-bench",
            dependencies: ["Core", "Engine", "Storage"],
            path: "Benchmarks/core",
            exclude: ["count.sh"],
            swiftSettings: strict,
            linkerSettings: [.linkedLibrary("m")]
        ),

        .executableTarget(
            name: "template-bench",
            dependencies: ["Templates", "Engine", "Host"],
            path: "Benchmarks/templates",
            swiftSettings: strict,
            linkerSettings: [.linkedLibrary("m")]
        ),

        .testTarget(name: "HouseTests", swiftSettings: strict),
        .testTarget(name: "EngineTests", dependencies: ["Engine", "Patterns"], swiftSettings: strict),
        .testTarget(name: "PatternsTests", dependencies: ["Patterns", "Engine"], swiftSettings: strict),
        .testTarget(name: "CoreTests", dependencies: ["Core", "Engine", "Storage"], swiftSettings: strict),
        .testTarget(
            name: "RPCTests",
            dependencies: [
                "RPC",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "StorageTests",
            dependencies: ["Storage", "StorageRocksDB", "CRocksDB", "Engine"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CampaignFilesTests",
            dependencies: ["CampaignFiles", "Engine", "Patterns"],
            swiftSettings: strict
        ),
        .testTarget(name: "TemplatesTests", dependencies: ["Templates", "Engine", "Host"], swiftSettings: strict),
        .testTarget(name: "CryptographyTests", dependencies: ["Cryptography"], swiftSettings: strict),
        .testTarget(
            name: "EmailTests",
            dependencies: ["ChannelEmail", "PluginKit"],
            exclude: ["Fixtures"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "HostTests",
            dependencies: ["Core", "Host", "Storage", "Engine", "Schema", "PluginKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PushTests",
            dependencies: ["Push", "HTTPClient", "PluginKit", "Cryptography", "Encodings"],
            exclude: ["Fixtures"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "WebhookTests",
            dependencies: ["Webhook", "HTTPClient", "CHTTP", "PluginKit"],
            exclude: ["Fixtures"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ModelTests",
            dependencies: [
                "triggerd", "NaiveModel", "PluginSchemas", "Core", "Host", "CampaignFiles", "Engine",
            ],
            swiftSettings: strict
        ),
        .testTarget(name: "TortureTests", dependencies: ["torture"], swiftSettings: strict),
        .testTarget(
            name: "DaemonTests",
            dependencies: ["TriggerdClient"],
            exclude: ["Fixtures"],
            swiftSettings: strict
        ),
    ],
    cxxLanguageStandard: .cxx17
)
