import Foundation
import Testing

/// The program `openssl`, as what makes keys and verifies signatures apart from the code under test.
enum OpenSSL {
    struct Failure: Error {
        let text: String
    }

    @discardableResult
    static func run(_ arguments: String..., in folder: URL? = nil) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = folder
        let output = Pipe()
        let faults = Pipe()
        process.standardOutput = output
        process.standardError = faults
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let fault = String(decoding: faults.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(text: text + fault) }
        return text
    }

    static func key(_ algorithm: String, _ option: String) throws -> String {
        try run("genpkey", "-algorithm", algorithm, "-pkeyopt", option)
    }

    /// PKCS #8 as the form before it: SEC 1, or PKCS #1.
    static func traditional(_ pem: String, encrypted: Bool = false) throws -> String {
        try inFolder { folder in
            try pem.write(to: folder.appending(path: "key.pem"), atomically: true, encoding: .utf8)
            guard encrypted else { return try run("pkey", "-in", "key.pem", "-traditional", in: folder) }
            return try run("pkcs8", "-topk8", "-in", "key.pem", "-passout", "pass:x", in: folder)
        }
    }

    /// An EC key in the form of SEC 1, without its point.
    static func withoutPublicKey(_ pem: String) throws -> String {
        try inFolder { folder in
            try pem.write(to: folder.appending(path: "key.pem"), atomically: true, encoding: .utf8)
            return try run("ec", "-in", "key.pem", "-no_public", in: folder)
        }
    }

    static func verifies(_ signature: [UInt8], of bytes: [UInt8], key: String) throws -> Bool {
        try inFolder { folder in
            try key.write(to: folder.appending(path: "key.pem"), atomically: true, encoding: .utf8)
            try Data(signature).write(to: folder.appending(path: "signature"))
            try Data(bytes).write(to: folder.appending(path: "text"))
            return try run("dgst", "-sha256", "-prverify", "key.pem", "-signature", "signature", "text", in: folder)
                .contains("Verified OK")
        }
    }

    private static func inFolder<Result>(_ work: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try work(folder)
    }
}

func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.compactMap { $0.hexDigitValue.map { UInt8($0) } }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
