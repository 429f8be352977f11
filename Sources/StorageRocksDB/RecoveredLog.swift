import Glibc
import Storage

/// The log as a start finds it.
struct RecoveredLog {
    let memory = Generations(recentBytes: Limits.recentUsers)
    private(set) var stretches: [CommitLog.Stretch] = []
    private(set) var idle: [LogFile] = []
    private(set) var next: UInt64
    /// The highest of any record, and of the view.
    let epoch: UInt32
    let seal: UInt32

    /// For a store that writes: `committed` is what the file of that name tells.
    init(_ folder: LogFolder, view: ViewRecord, committed: UInt64?, at committedPath: String) throws(StoreError) {
        let names = folder.names
        let contents = try Self.read(names.map(folder.file))
        let recovery: LogRecovery
        do throws(LogRecovery.Damage) {
            recovery = try LogRecovery(files: contents.map(\.bytes), view: view, committed: committed)
        } catch {
            throw Self.refusal(error, folder, committedPath)
        }
        (next, epoch) = (recovery.next, recovery.epoch)
        // Of a folder that has none yet, as soon as nothing was written without one.
        seal = view.seal == 0 && recovery.order.isEmpty ? .random(in: 1 ... .max) : view.seal
        var files: [Int: LogFile] = [:]
        for (index, name) in names.enumerated() { files[index] = try LogFile(opening: folder.file(name)) }
        for index in recovery.order {
            let file = files.removeValue(forKey: index)!
            let generation = Self.generation(contents[index].bytes, recovery.runs[index], file.capacity, memory, view)
            memory.append(generation)
            stretches.append(CommitLog.Stretch(file: file, generation: generation))
        }
        for (_, file) in files.sorted(by: { $0.key < $1.key }) {
            // A crash while one took another's place leaves both.
            let isWanted = file.capacity >= Limits.leastGeneration && stretches.count + idle.count < Limits.generations
            if isWanted { idle.append(file) } else { try folder.remove(file) }
        }
    }

    /// Beside a daemon that may be writing: what it had committed by now. What it is writing over meanwhile is in the
    /// view, if the view is opened after this was read.
    static func beside(_ contents: [Content], view: ViewRecord) throws(StoreError) -> Generations {
        let memory = Generations(recentBytes: 0)
        let runs = contents.map { LogRun($0.bytes, seal: view.seal) }
        var next = view.next
        for index in runs.indices.filter({ runs[$0].next > view.next }).sorted(by: { runs[$0].first < runs[$1].first })
        {
            guard runs[index].first <= next else { break }
            let bytes = contents[index].bytes
            memory.append(Self.generation(bytes, runs[index], bytes.count, memory, view))
            next = runs[index].next
        }
        return memory
    }

    /// A file's bytes, kept as long as somebody has it.
    final class Content {
        private let content: LogFileContent
        var bytes: UnsafeRawBufferPointer { content.bytes }
        init(_ content: consuming LogFileContent) { self.content = content }
    }

    static func read(_ paths: [String]) throws(StoreError) -> [Content] {
        var contents: [Content] = []
        for path in paths {
            if let content = try LogFileContent(path) { contents.append(Content(content)) }
        }
        return contents
    }

    private static func generation(
        _ bytes: UnsafeRawBufferPointer,
        _ run: LogRun,
        _ capacity: Int,
        _ memory: Generations,
        _ view: ViewRecord
    ) -> Generation {
        let capacity = max(LogRecord.alignment, LogRecord.padded(capacity))
        let generation = Generation(capacity: capacity, first: run.first)
        for range in run.records {
            let record = UnsafeRawBufferPointer(rebasing: bytes[range])
            guard let head = LogRecord.read(record, seal: view.seal) else {
                preconditionFailure("a record at \(range) changed")
            }
            generation.enter(record, head)
        }
        return generation
    }

    private static func refusal(_ damage: LogRecovery.Damage, _ folder: LogFolder, _ committed: String) -> StoreError {
        let paths = folder.names.map(folder.file)
        let restore = "restore the data folder from a copy"
        switch damage {
        case .damaged(let file, let at):
            return .damaged(
                "\(paths[file]) is damaged at byte \(at), and commits stand behind it",
                cure:
                    "\(restore), or give up what came after: truncate -s \(at) \(ShellText.word(paths[file])) && rm -f \(ShellText.word(committed))"
            )
        case .missing(let file, let next, let first):
            let what =
                first > next
                ? "the commits \(next) to \(first - 1) are missing before those of \(paths[file])"
                : "\(paths[file]) begins with commit \(first), which another file has as well"
            return .damaged(
                what,
                cure:
                    "\(restore), or give up what came after: rm -f \(ShellText.word(paths[file])) \(ShellText.word(committed))"
            )
        case .short(let file, let found, let next):
            let place = file.map { paths[$0] } ?? folder.path
            return .damaged(
                "\(place) lacks the last \(next - found) commits that were answered",
                cure: "\(restore), or give them up: rm \(ShellText.word(committed))"
            )
        }
    }
}
