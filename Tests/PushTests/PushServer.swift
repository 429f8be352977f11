import Foundation
import PluginKit

/// The push services, in a process of their own. It ends with this value.
final class PushServer {
    struct Hello: Decodable {
        var port: Int?
        var missing: String?
        var serviceAccount: String?
        var apnsKey: String?
        var webpushKey: String?
        var webpushPem: String?
        var p256dh: String?
        var auth: String?
    }

    let hello: Hello
    let scheme: String
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let lines = Lines()

    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    init(_ arguments: [String] = [], script: String = "push_server.py") throws {
        scheme = arguments.contains("--tls") ? "https" : "http"
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = [Self.fixtures.appending(path: script).path] + arguments
        var environment = ProcessInfo.processInfo.environment
        let root = Self.fixtures.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        environment["PYTHONPATH"] = root.appending(path: ".build/python").path
        process.environment = environment
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        // Read as it comes: a pipe that is full would stop the server.
        let handle = output.fileHandleForReading
        Thread.detachNewThread { [lines] in
            var buffer = Data()
            while true {
                let more = handle.availableData
                if more.isEmpty { return lines.end() }
                buffer += more
                while let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                    lines.append(Data(buffer[..<end]))
                    buffer = Data(buffer[buffer.index(after: end)...])
                }
            }
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let first = lines.first() else { throw Missing("\(script) printed nothing") }
        hello = try decoder.decode(Hello.self, from: first)
        guard hello.port != nil else { throw Missing("run `make test-dependencies` first: \(hello.missing ?? "")") }
    }

    var origin: String { "\(scheme)://localhost:\(hello.port ?? 0)" }

    /// Every setting, to this server.
    var settings: [String: String] {
        [
            "fcm_service_account": hello.serviceAccount ?? "", "fcm_url": origin, "apns_key": hello.apnsKey ?? "",
            "apns_key_id": "ABCDE12345", "apns_team_id": "TEAM123456", "apns_topic": "com.example.shop",
            "apns_url": origin, "webpush_key": hello.webpushKey ?? "", "webpush_subject": "mailto:ops@example.com",
            "allow_local": "true",
        ]
    }

    func subscription(_ token: String) -> String {
        let path = token.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        return "webpush:{\"endpoint\":\"\(origin)/push/\(path)\","
            + "\"keys\":{\"p256dh\":\"\(hello.p256dh ?? "")\",\"auth\":\"\(hello.auth ?? "")\"}}"
    }

    /// Ends the server.
    /// - Returns: a line for each request, in the order in which they came.
    func stop() throws -> [Request] {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        return try lines.rest().map { line in
            guard let object = try JSONSerialization.jsonObject(with: line) as? [String: Any] else {
                throw Missing("a line that is no object")
            }
            return Request(object: object)
        }
    }

    // It ends with its input: a child of a thread that blocks signals would not hear of SIGTERM.
    deinit { try? input.fileHandleForWriting.close() }

    /// What the server saw, and what it found out.
    struct Request {
        let object: [String: Any]
        var service: String { object["service"] as? String ?? "" }
        var connection: Int { object["connection"] as? Int ?? 0 }
        var fault: String? { object["fault"] as? String }
        var headers: [String: String] { object["headers"] as? [String: String] ?? [:] }
        var claims: [String: Any] { object["claims"] as? [String: Any] ?? [:] }
        var jwtHeader: [String: String] { object["header"] as? [String: String] ?? [:] }
        var jwt: String { object["jwt"] as? String ?? "" }
        var json: NSDictionary {
            let body = Data(base64Encoded: object["body"] as? String ?? "") ?? Data()
            return (try? JSONSerialization.jsonObject(with: body) as? NSDictionary) ?? [:]
        }
        var plaintext: NSDictionary { object["plaintext"] as? NSDictionary ?? [:] }
    }
}

/// What another process printed, line by line.
final class Lines: @unchecked Sendable {
    // Everything is under the condition.
    private let condition = NSCondition()
    private var lines: [Data] = []
    private var isAtEnd = false

    func append(_ line: Data) {
        condition.withLock { lines.append(line) }
        condition.broadcast()
    }

    func end() {
        condition.withLock { isAtEnd = true }
        condition.broadcast()
    }

    /// Waits for it; nil where nothing comes any more.
    func first() -> Data? {
        condition.withLock {
            while lines.isEmpty, !isAtEnd { condition.wait() }
            return lines.isEmpty ? nil : lines.removeFirst()
        }
    }

    /// Waits for the end.
    func rest() -> [Data] {
        condition.withLock {
            while !isAtEnd { condition.wait() }
            return lines
        }
    }
}

struct Missing: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A folder of the test's own, gone afterwards.
final class Folder {
    let url = FileManager.default.temporaryDirectory.appending(path: "push-tests-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit {
        do { try FileManager.default.removeItem(at: url) } catch { print("left behind: \(url.path): \(error)") }
    }

    /// A certificate for localhost that only its own file vouches for.
    func certificate() throws -> (file: String, key: String) {
        let file = url.appending(path: "certificate.pem").path
        let key = url.appending(path: "key.pem").path
        let openssl = Process()
        openssl.executableURL = URL(filePath: "/usr/bin/env")
        openssl.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", file,
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        guard openssl.terminationStatus == 0 else { throw Missing("openssl made no certificate: apt install openssl") }
        return (file, key)
    }
}
