import Foundation

/// The tests' other side: Python's own e-mail, mailbox and SMTP libraries.
enum Python {
    static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    /// The system's where its packages have aiosmtpd, else the first of the path.
    private static let interpreter: String = {
        let system = Process()
        system.executableURL = URL(filePath: "/usr/bin/python3")
        system.arguments = ["-c", "import aiosmtpd"]
        system.standardError = FileHandle.nullDevice
        do {
            try system.run()
            system.waitUntilExit()
            return system.terminationStatus == 0 ? "/usr/bin/python3" : "python3"
        } catch {
            return "python3"
        }
    }()

    static func process(_ script: String, _ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [interpreter, fixtures.appending(path: script).path] + arguments
        process.standardOutput = Pipe()
        return process
    }

    /// Every letter as Python's e-mail library understands it.
    static func parse(_ letters: [[UInt8]]) throws -> [Parsed] {
        try withFolder { folder in
            let paths = try letters.enumerated().map { index, bytes in
                let path = folder.appending(path: "\(index).eml")
                try Data(bytes).write(to: path)
                return path.path
            }
            return try run("parse.py", paths)
        }
    }

    static func parse(_ letter: [UInt8]) throws -> Parsed {
        let all = try parse([letter])
        guard let first = all.first else { throw Missing("parse.py printed nothing") }
        return first
    }

    static func read(maildir: URL) throws -> [Parsed] { try run("parse.py", ["--maildir", maildir.path]) }

    /// What an application's endpoint makes of a letter's one-click link.
    static func verify(
        _ letter: [UInt8],
        secret: String,
        changing: (old: String, new: String)? = nil
    ) throws -> Unsubscribing {
        try withFolder { folder in
            let path = folder.appending(path: "letter.eml")
            try Data(letter).write(to: path)
            let change = changing.map { [$0.old, $0.new] } ?? []
            let all: [Unsubscribing] = try run("unsubscribe.py", [path.path, secret] + change)
            guard let first = all.first else { throw Missing("unsubscribe.py printed nothing") }
            return first
        }
    }

    struct Unsubscribing: Decodable {
        var ours: Bool
        var user: String
        var campaign: String
        var key: String
        var post: String?
        var targets: [String]
    }

    private static func run<Line: Decodable>(_ script: String, _ arguments: [String]) throws -> [Line] {
        let process = process(script, arguments)
        guard let output = process.standardOutput as? Pipe else { throw Missing("no pipe") }
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Missing("\(script) failed") }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try data.split(separator: UInt8(ascii: "\n")).map { try decoder.decode(Line.self, from: Data($0)) }
    }

    struct Missing: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }
}

/// A letter, read by somebody else's parser.
struct Parsed: Decodable {
    struct Part: Decodable {
        var type: String
        var charset: String?
        var encoding: String?
        var text: String
    }

    var key: String?
    var folder: String?
    var names: [String]
    var headers: [String: String]
    var type: String
    var subject: String?
    /// Each a display name and an address.
    var from: [[String]]
    var to: [[String]]
    var replyTo: [[String]]
    var messageId: String?
    var unsubscribe: String?
    var unsubscribePost: String?
    var date: String?
    var parts: [Part]
    var defects: [String]
    var ascii: Bool
    var bareLineEnds: Int
    var longestLine: Int

    /// What RFC 5322 and 2045 ask of any letter.
    var isWellFormed: Bool { defects.isEmpty && ascii && bareLineEnds == 0 && longestLine <= 998 }
}

/// A folder of the test's own, gone afterwards.
func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "email-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer {
        do { try FileManager.default.removeItem(at: folder) } catch { print("left behind: \(folder.path): \(error)") }
    }
    return try body(folder)
}
