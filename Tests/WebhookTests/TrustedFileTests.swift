import Foundation
import PluginKit
import Testing
import Webhook

/// The certificates that are trusted: read once for all connections, and anew when their file changes.
@Suite struct TrustedFileTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "trusted-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

    @Test("each connection costs no reading of the certificates; a file that changed is read, one that is gone is not")
    func reading() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (first, second) = (try Certificate(in: folder, "first"), try Certificate(in: folder, "second"))
        let file = folder.appending(path: "trusted.pem")
        try Self.padded(first).write(to: file)
        let channel = try Hook.channel([("secret", .string(Receiver.secret)), ("ca_file", .string(file.path))])
        // Each receiver has a port of its own, and so a connection.
        func outcome(at certificate: Certificate) async throws -> Outcome {
            let receiver = try Receiver(["--tls", certificate.file, certificate.key])
            let outcome = await channel.deliver(Hook.message([("url", .string(receiver.url("x")))])).outcome
            _ = try receiver.stop()
            return outcome
        }
        #expect(try await outcome(at: first) == .accepted(id: ""))
        try Self.replaceUnseen(file, by: second)
        #expect(try await outcome(at: first) == .accepted(id: ""), "it was read again")
        try Data(contentsOf: URL(filePath: second.file)).write(to: file, options: .atomic)
        #expect(try await outcome(at: second) == .accepted(id: ""), "it was not read again")
        guard case .tryAgain(_, _, .unavailable) = try await outcome(at: first) else {
            Issue.record("what the file says no more is trusted")
            return
        }
        try FileManager.default.removeItem(at: file)
        #expect(try await outcome(at: second) == .accepted(id: ""), "what was read last does not count any more")
        channel.stop()
    }

    /// The certificate's file, of a length that has nothing to do with it.
    private static func padded(_ certificate: Certificate) throws -> Data {
        let text = try Data(contentsOf: URL(filePath: certificate.file))
        return text + Data(repeating: UInt8(ascii: "\n"), count: 4_096 - text.count)
    }

    /// The file says something else, and by all that `stat` tells it is the same.
    private static func replaceUnseen(_ file: URL, by other: Certificate) throws {
        var before = stat()
        #expect(stat(file.path, &before) == 0)
        let handle = try FileHandle(forWritingTo: file)
        try handle.write(contentsOf: padded(other))
        try handle.close()
        let times = [before.st_atim, before.st_mtim]
        #expect(utimensat(AT_FDCWD, file.path, times, 0) == 0)
    }
}

/// A certificate for localhost that only its own file vouches for.
struct Certificate {
    let file: String
    let key: String

    init(in folder: URL, _ name: String) throws {
        file = folder.appending(path: "\(name).pem").path
        key = folder.appending(path: "\(name)-key.pem").path
        let openssl = Process()
        openssl.executableURL = URL(filePath: "/usr/bin/env")
        openssl.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", file,
        ]
        openssl.standardError = FileHandle.nullDevice
        try openssl.run()
        openssl.waitUntilExit()
    }
}
