import Storage

/// A disk with files that are written over in place. What was flushed survives a crash; of what was not, what chance
/// keeps: some of the writes, and of the last of them any of its pages, as a disk's queue may put them in any order.
struct Disk {
    private(set) var files: [[UInt8]] = []
    private var atRisk: [Write] = []

    private struct Write {
        let file: Int
        let place: Int
        let before: [UInt8]
    }

    /// Gives its number. As the real ones, it is on disk with its zeros before it is used.
    mutating func make(_ bytes: Int) -> Int {
        files.append([UInt8](repeating: 0, count: bytes))
        return files.count - 1
    }

    mutating func remove(_ file: Int) { files[file] = [] }

    mutating func write(_ bytes: UnsafeRawBufferPointer, to file: Int, at place: Int) {
        let range = place..<(place + bytes.count)
        atRisk.append(Write(file: file, place: place, before: Array(files[file][range])))
        files[file].replaceSubrange(range, with: bytes)
    }

    mutating func flush() { atRisk = [] }

    /// The volume was full: of the last write some of its first pages are there.
    mutating func cutShort(_ chance: inout Chance) {
        guard let write = atRisk.popLast() else { preconditionFailure("nothing is being written") }
        undo(write) { page, _ in page > 0 }
        if chance.happens(500) { undo(write) { _, _ in true } }
    }

    mutating func crash(_ chance: inout Chance) {
        let kept = chance.one([0, atRisk.count, chance.number(in: 0...atRisk.count)])
        while atRisk.count > kept {
            let write = atRisk.removeLast()
            let isTorn = atRisk.count == kept && chance.happens(500)
            undo(write) { _, _ in !isTorn || chance.happens(500) }
        }
        atRisk = []
    }

    /// What stood there before stands there again, of the pages that `isLost` names.
    private mutating func undo(_ write: Write, _ isLost: (_ page: Int, _ of: Int) -> Bool) {
        let pages = write.before.count / Self.page
        for page in 0..<pages where isLost(page, pages) {
            let range = (page * Self.page)..<((page + 1) * Self.page)
            files[write.file].replaceSubrange(
                (write.place + range.lowerBound)..<(write.place + range.upperBound),
                with: write.before[range]
            )
        }
    }

    /// The smallest that a disk writes as a whole.
    private static let page = 512
}
