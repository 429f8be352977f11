import Foundation
import PluginKit
import Webhook

/// A webhook receiver, in a process of its own. It ends with this value.
final class Receiver {
    static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    let port: Int
    private let scheme: String
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    init(_ arguments: [String] = [], secrets: [String] = [Receiver.secret]) throws {
        scheme = arguments.contains("--tls") ? "https" : "http"
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["python3", fixtures.appending(path: "receiver.py").path, secrets.joined(separator: ",")] + arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let line = output.fileHandleForReading.availableData
        guard let port = try (JSONSerialization.jsonObject(with: line) as? [String: Int])?["port"] else {
            throw Missing("receiver.py printed no port")
        }
        self.port = port
    }

    func url(_ path: String) -> String { "\(scheme)://localhost:\(port)/\(path)" }

    struct Request {
        let object: NSDictionary
        var isVerified: Bool { object["verified"] as? Bool ?? false }
        var verifiedBy: [Bool] { object["verified_by"] as? [Bool] ?? [] }
        var signatures: Int { object["signatures"] as? Int ?? 0 }
        var text: String { object["text"] as? String ?? "" }
        var isFresh: Bool { object["fresh"] as? Bool ?? false }
        var path: String { object["path"] as? String ?? "" }
        var headers: [String: String] { object["headers"] as? [String: String] ?? [:] }
        var body: NSDictionary { object["body"] as? NSDictionary ?? [:] }
    }

    /// Ends the receiver.
    /// - Returns: what it was sent.
    func stop() throws -> [Request] {
        try input.fileHandleForWriting.close()
        let lines = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return try lines.split(separator: UInt8(ascii: "\n")).map { line in
            guard let object = try JSONSerialization.jsonObject(with: Data(line)) as? NSDictionary else {
                throw Missing("a line that is no object")
            }
            return Request(object: object)
        }
    }

    deinit {
        if process.isRunning { process.terminate() }
    }
}

struct Missing: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// What the tests say of settings and messages in a line.
enum Hook {
    static func channel(_ given: [(String, Value)] = [("secret", .string(Receiver.secret))]) throws -> WebhookChannel {
        try WebhookChannel(settings: .object(given.map { Value.Member($0.0, $0.1) }))
    }

    /// 2026-03-02T10:00:00.007Z.
    static let eventTime: Int64 = 1_772_445_600_007

    static func message(
        _ fields: [(String, Value)],
        key: String = "msg_1",
        attempt: Int = 1,
        eventTime: Int64 = Hook.eventTime,
        leads: [String: Int] = [:]
    ) -> Message {
        Message(
            key: key,
            campaign: "cart",
            user: "u1",
            addresses: [],
            fields: fields.map { Value.Member($0.0, $0.1) },
            deadline: Int64(Date().timeIntervalSince1970 * 1_000) + 30_000,
            attempt: attempt,
            eventTime: eventTime,
            leads: leads
        )
    }
}

extension WebhookChannel {
    func deliver(_ message: Message) async -> (outcome: Outcome, service: String) {
        await withCheckedContinuation { continuation in
            deliver(message) { continuation.resume(returning: ($0, $1)) }
        }
    }
}
