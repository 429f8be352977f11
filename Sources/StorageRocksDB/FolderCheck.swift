import Glibc
import Storage

/// Looks through a database's files before RocksDB opens them, since RocksDB takes every end of a log for the torn one
/// that a crash leaves, and deletes what it does not find named. Damage is told from a torn end by what `committed`
/// says was on disk, and by what stands behind it.
struct FolderCheck {
    private let files: StoreFiles
    private let committedPath: String
    private let committed: CommittedRecord?
    /// The number of the commit that comes next, as far as is known.
    var next: UInt64? { committed.flatMap { $0.next == 0 ? nil : $0.next } }
    /// What was not refused, but somebody should know.
    private(set) var notes: [String] = []

    init(folder: String, committed path: String) {
        files = StoreFiles(folder)
        committedPath = path
        do throws(CommittedFile.Unreadable) {
            committed = try CommittedFile.read(path)
        } catch {
            committed = nil
            notes.append("\(path) does not read, so this start cannot tell whether the last commits are there")
        }
    }

    func run() throws(StoreError) {
        guard let manifest = try manifest() else { return }  // The folder is new.
        let oldestNeeded = try oldestLogNeeded(manifest)
        var walked: [Walked] = []
        for number in files.logs where number >= oldestNeeded { walked.append(try walk(number)) }
        for log in committed?.logs ?? [] where log.number >= oldestNeeded && log.bytes > 0 {
            guard !walked.contains(where: { $0.number == log.number }) else { continue }
            throw .damaged(
                "\(files.log(log.number)) is missing, which held the last commits",
                cure: "\(Self.restore), or give up what it held: rm \(ShellText.word(committedPath))"
            )
        }
        try checkOrder(walked)
    }

    private static let restore = "restore the data folder from a copy"

    // MARK: MANIFEST, which names all tables

    /// Nil in a new folder.
    private func manifest() throws(StoreError) -> RocksDBLog? {
        guard let number = files.manifest, let file = RocksDBLog(files.manifest(number)) else {
            let wasUsed = (committed?.manifest.number ?? 0) > 0 || files.hasTables || !files.logs.isEmpty
            guard wasUsed || files.manifest != nil else { return nil }
            let what = files.hasCurrent ? "does not name the MANIFEST that is there" : "is missing"
            throw .damaged("\(files.current) \(what)", cure: currentCure)
        }
        let known = committed?.manifest ?? CommittedRecord.File(number: 0, bytes: 0)
        if number < known.number {
            throw .damaged("\(files.current) names an older MANIFEST than it did", cure: currentCure)
        }
        let end = try file.each()
        if try file.isDamaged(at: end, known: number == known.number ? known.bytes : 0) {
            throw .damaged(
                "\(file.path), which names all tables, is damaged or cut at byte \(end)",
                cure: Self.restore
            )
        }
        return file
    }

    private var currentCure: String {
        guard let number = committed?.manifest.number, RocksDBLog(files.manifest(number)) != nil else {
            return Self.restore
        }
        let name = files.manifest(number).split(separator: "/").last ?? ""
        return "write the name of the last one into it: echo \(name) > \(ShellText.word(files.current))"
    }

    /// Logs of lower numbers are in tables, and only not deleted yet.
    private func oldestLogNeeded(_ manifest: RocksDBLog) throws(StoreError) -> UInt64 {
        var oldest: UInt64 = 0
        _ = try manifest.each { kind, content in
            if kind.begins, let number = ManifestEdit.oldestLogNeeded(content) { oldest = max(oldest, number) }
        }
        return oldest
    }

    // MARK: The write-ahead logs

    private struct Walked {
        var number: UInt64
        /// Up to where its records are whole.
        var end: Int
        /// The number of its first change, and the one that follows its last; nil where it holds none.
        var first: UInt64?
        var next: UInt64?
    }

    /// Of a commit, in bytes.
    private static let headSize = 12

    private func walk(_ number: UInt64) throws(StoreError) -> Walked {
        var walked = Walked(number: number, end: 0)
        guard let file = RocksDBLog(files.log(number)) else { return walked }
        var isInOrder = true
        // A commit begins with the number of its first change and their count, which may go on in the next block.
        var head: [UInt8] = []
        walked.end = try file.each { kind, content in
            if kind.begins { head.removeAll(keepingCapacity: true) }
            guard head.count < Self.headSize else { return }  // It was read.
            head += content.prefix(Self.headSize - head.count)
            guard head.count == Self.headSize else { return }  // It goes on, or the record is none of a commit.
            let (first, count) = head.withUnsafeBytes { head in
                (
                    UInt64(littleEndian: head.loadUnaligned(as: UInt64.self)),
                    UInt32(littleEndian: head.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
                )
            }
            if let next = walked.next, first != next { isInOrder = false }
            walked.first = walked.first ?? first
            walked.next = first &+ UInt64(count)
        }
        guard isInOrder else {
            throw .damaged(
                "\(files.log(number)) holds commits out of their order, as a file that was copied in parts does",
                cure: Self.restore
            )
        }
        let known = committed?.logs.first { $0.number == number }?.bytes ?? 0
        if try file.isDamaged(at: walked.end, known: known) {
            let lost = max(file.size, Int(clamping: known)) - walked.end
            throw damaged(number, at: walked.end, "up to \(lost) bytes of commits behind that are lost")
        }
        return walked
    }

    /// Changes are numbered without a gap: where one log ends, the next goes on.
    private func checkOrder(_ logs: [Walked]) throws(StoreError) {
        let used = logs.filter { $0.first != nil }
        for (log, following) in zip(used, used.dropFirst()) where log.next != following.first {
            throw damaged(log.number, at: log.end, "commits are missing before the next log")
        }
    }

    private func damaged(_ number: UInt64, at end: Int, _ what: String) -> StoreError {
        let later = files.logs.filter { $0 > number }.map(files.log)
        let rest = (later + [committedPath]).map(ShellText.word).joined(separator: " ")
        return .damaged(
            "\(files.log(number)) is damaged or cut at byte \(end): \(what)",
            cure:
                "\(Self.restore), or give up what came after: truncate -s \(end) \(ShellText.word(files.log(number))) && rm -f \(rest)"
        )
    }
}

/// A record of the MANIFEST, as far as it is read here: numbers by their tags.
enum ManifestEdit {
    /// Nil where the record does not tell.
    static func oldestLogNeeded(_ content: UnsafeRawBufferPointer) -> UInt64? {
        var reader = ProtobufReader(content)
        // Names, then numbers, then what is of no concern here.
        while !reader.isAtEnd, let tag = try? reader.varint() {
            switch tag {
            case 1, 1 << 13 + 1: guard (try? reader.bytes()) != nil else { return nil }  // comparator, identity
            case 2, 3, 4, 9, 203: guard (try? reader.varint()) != nil else { return nil }
            case 10: return try? reader.varint()
            default: return nil
            }
        }
        return nil
    }
}
