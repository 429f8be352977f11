import Foundation

/// The code that only starting needed: read from files, mapped, and not looked at again.
enum StartupPages {
    /// Gives the pages of mapped code back. What is still used comes back from the page cache, a fault each; what is
    /// not no longer counts as this process's memory. Code is never written to, so nothing can be lost.
    static func release() {
        guard let maps = try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8) else { return }
        for line in maps.split(separator: "\n") {
            let columns = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            guard columns.count == 6, columns[1] == "r-xp", columns[5].hasPrefix("/") else { continue }
            let range = columns[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard range.count == 2, range[0] < range[1] else { continue }
            madvise(UnsafeMutableRawPointer(bitPattern: range[0]), Int(range[1] - range[0]), MADV_DONTNEED)
        }
    }
}
