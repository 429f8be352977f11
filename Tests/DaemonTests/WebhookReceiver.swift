import Foundation

/// The receiver of the webhook channel's own tests: a JSON object for each request.
final class WebhookReceiver {
    private(set) var port = 0
    private let process = Process()
    private let (input, output) = (Pipe(), Pipe())
    private var buffer = Data()

    init(_ secrets: [String]) throws {
        let script = StrangerTests.root.appending(path: "Tests/WebhookTests/Fixtures/receiver.py").path
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", script, secrets.joined(separator: ",")]
        (process.standardOutput, process.standardInput) = (output, input)
        try process.run()
        port = try next()["port"] as? Int ?? 0
    }

    /// Waits for it, for 20 s.
    func next() throws -> [String: Any] {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                defer { buffer = Data(buffer[buffer.index(after: end)...]) }
                return try JSONSerialization.jsonObject(with: buffer[..<end]) as? [String: Any] ?? [:]
            }
            var ready = pollfd(fd: output.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, 20_000) == 1 else { throw Wire.Broken() }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw Wire.Broken() }
            buffer += more
        }
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
