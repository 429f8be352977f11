import Glibc

/// The code that only starting needed: mapped from files, run once, and not looked at again.
enum StartupPages {
    /// Gives the pages of mapped code back to the system. What is still used comes back from the page cache, a fault
    /// each; what is not no longer counts as this process's memory. Code is never written to, so nothing can be lost.
    static func release() {
        // The kernel writes this file as it is read, so it has no size to read by.
        guard let maps = fopen("/proc/self/maps", "r") else { return }  // They stay, which only costs memory.
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        var code: [(start: UInt, end: UInt)] = []
        while getline(&line, &capacity, maps) > 0, let line {
            let columns = String(cString: line).split(separator: " ")
            // What is no code of a file could be lost.
            guard columns.count >= 6, columns[1] == "r-xp", columns[5].hasPrefix("/") else { continue }
            let range = columns[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            if range.count == 2 { code.append((range[0], range[1])) }
        }
        free(line)
        fclose(maps)
        for (start, end) in code {
            madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_DONTNEED)
        }
    }
}
