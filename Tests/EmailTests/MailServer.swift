import Foundation

/// An SMTP server in a process of its own: aiosmtpd, or one that does what it is told. It ends with this value.
final class MailServer {
    struct Line: Decodable {
        var port: Int?
        var missing: String?
        /// Whether a login succeeded.
        var login: Bool?
        var mechanism: String?
        /// The rest is of a message that it took.
        var sender: String?
        var recipients: [String]?
        var tls: Bool?
        var user: String?
        /// The client's port: the same for two messages of one connection.
        var peer: Int?
        /// What it called itself at EHLO.
        var helo: String?
        var bytes: Data?
        /// Of the scripted server alone: which connection, what one read gave, and that it is closed.
        var connection: Int?
        var heard: String?
        var closed: Bool?
    }

    let port: Int
    private let process: Process
    private let input = Pipe()
    private let output: LineReader

    convenience init(_ arguments: [String] = []) throws { try self.init("smtp_server.py", arguments) }

    /// - Parameter script: as scripted_server.py describes it.
    convenience init(script: [String: Any]) throws {
        let text = String(decoding: try JSONSerialization.data(withJSONObject: script), as: UTF8.self)
        try self.init("scripted_server.py", [text])
    }

    private init(_ script: String, _ arguments: [String]) throws {
        process = Python.process(script, arguments)
        process.standardInput = input
        guard let pipe = process.standardOutput as? Pipe else { throw Python.Missing("no pipe") }
        output = LineReader(pipe.fileHandleForReading)
        try process.run()
        let first = try JSONDecoder().decode(Line.self, from: output.next())
        guard let port = first.port else {
            throw Python.Missing(
                "these tests hand mail to a real SMTP server and need Python's aiosmtpd: apt install python3-aiosmtpd, "
                    + "or python3 -m pip install aiosmtpd"
            )
        }
        self.port = port
    }

    /// The next line that the server prints; waits for it.
    func next() throws -> Line { try JSONDecoder().decode(Line.self, from: output.next()) }

    /// Ends the server.
    /// - Returns: what it had printed and nobody had read.
    @discardableResult
    func stop() throws -> [Line] {
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        return try output.rest().map { try JSONDecoder().decode(Line.self, from: $0) }
    }

    deinit {
        if process.isRunning { process.terminate() }
    }
}

/// The lines of a pipe, waited for one by one.
final class LineReader {
    private let handle: FileHandle
    private var buffer = Data()

    init(_ handle: FileHandle) { self.handle = handle }

    func next() throws -> Data {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Data(buffer[..<end])
                buffer = Data(buffer[(end + 1)...])
                return line
            }
            let more = handle.availableData
            guard !more.isEmpty else { throw Python.Missing("the other process ended without a line") }
            buffer += more
        }
    }

    func rest() throws -> [Data] {
        buffer += try handle.readToEnd() ?? Data()
        return buffer.split(separator: UInt8(ascii: "\n")).map { Data($0) }
    }
}

/// A certificate for localhost that only its own file vouches for.
struct Certificate {
    let file: String
    let key: String

    init(in folder: URL) throws {
        file = folder.appending(path: "certificate.pem").path
        key = folder.appending(path: "key.pem").path
        let openssl = Process()
        openssl.executableURL = URL(filePath: "/usr/bin/env")
        openssl.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", file,
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
        guard openssl.terminationStatus == 0 else {
            throw Python.Missing("openssl made no certificate: apt install openssl")
        }
    }
}
