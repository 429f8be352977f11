/// What a file of the log holds: from its beginning records that follow each other, then whatever an earlier use or a
/// crash left.
package struct LogRun {
    /// Where its records stand.
    package private(set) var records: [Range<Int>] = []
    /// The number of its first record and the one behind its last; equal where it holds none.
    package private(set) var first: UInt64 = 0
    package private(set) var next: UInt64 = 0
    /// Of its last record.
    package private(set) var epoch: UInt32 = 0
    /// Where the next record would go.
    package private(set) var end = 0

    package init(_ file: UnsafeRawBufferPointer, seal: UInt32) {
        while end < file.count {
            let rest = UnsafeRawBufferPointer(rebasing: file[end...])
            guard let head = LogRecord.read(rest, seal: seal), records.isEmpty || head.number == next,
                head.epoch >= epoch
            else {
                return
            }
            if records.isEmpty { first = head.number }
            records.append(end..<min(end + LogRecord.padded(head.bytes), file.count))
            (next, epoch) = (head.number + 1, head.epoch)
            end += LogRecord.padded(head.bytes)
        }
    }

    package var isEmpty: Bool { records.isEmpty }

    /// Whether a whole record behind the end proves that what stands at the end was whole once: one that is not of an
    /// earlier use of the file, whose records the view has, nor of an earlier start.
    func isDamaged(_ file: UnsafeRawBufferPointer, view: ViewRecord) -> Bool {
        var at = end + LogRecord.alignment
        while at < file.count {
            if let head = LogRecord.read(UnsafeRawBufferPointer(rebasing: file[at...]), seal: view.seal),
                head.number >= max(view.next, next), head.epoch >= epoch
            {
                return true
            }
            at += LogRecord.alignment
        }
        return false
    }
}

/// Puts the files of a log in order, and tells a torn end from damage.
package struct LogRecovery {
    package enum Damage: Error, Equatable {
        /// What stands at this byte of this file does not read, and good records stand behind it.
        case damaged(file: Int, at: Int)
        /// Commits between what the view, or the file before, has and what this file begins with.
        case missing(file: Int, UInt64, UInt64)
        /// The last commits are not there. The file where they should stand; nil: there is none.
        case short(file: Int?, found: UInt64, committed: UInt64)
    }

    /// The files with something that the view lacks, in their order.
    package private(set) var order: [Int] = []
    package private(set) var runs: [LogRun]
    /// The number of the next commit.
    package private(set) var next: UInt64
    /// The highest of any record.
    package private(set) var epoch: UInt32

    /// `committed`: one more than the number of the last commit that is known to have returned; nil where nobody knows.
    package init(
        files: [UnsafeRawBufferPointer],
        view: ViewRecord,
        committed: UInt64?
    ) throws(Damage) {
        runs = files.map { LogRun($0, seal: view.seal) }
        next = view.next
        epoch = max(view.epoch, runs.map(\.epoch).max() ?? 0)
        for (index, run) in runs.enumerated() where run.isDamaged(files[index], view: view) {
            throw .damaged(file: index, at: run.end)
        }
        let runs = runs
        order = runs.indices.filter { runs[$0].next > view.next }.sorted { runs[$0].first < runs[$1].first }
        for (place, index) in order.enumerated() {
            // A file that the view has a part of is only ever the first.
            let follows = runs[index].first == next || place == 0 && runs[index].first < next
            guard follows else { throw .missing(file: index, next, runs[index].first) }
            next = runs[index].next
        }
        if let committed, committed > next { throw .short(file: order.last, found: next, committed: committed) }
    }
}
