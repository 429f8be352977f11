import Engine
import Storage
import Testing

/// A log of several files, cut and changed in every place.
struct LogRecoveryTests {
    private static let seal: UInt32 = 0x5EA1_0001
    private static let start = ViewRecord(next: 1, epoch: 0, seal: seal)

    /// Files as commits leave them: of `sizes[n]` commits each, numbered from 1 on, and zeros behind.
    private static func files(
        _ sizes: [Int],
        epoch: UInt32 = 1,
        first: UInt64 = 1,
        seal: UInt32 = seal
    ) -> [[UInt8]] {
        var writer = LogRecordWriter(seal: seal)
        var number = first
        return sizes.map { size in
            var file: [UInt8] = []
            for _ in 0..<size {
                file += writer.encode(changes(number), number: number, epoch: epoch)
                number += 1
            }
            return file + [UInt8](repeating: 0, count: 2 * 4_096)
        }
    }

    /// Of one block, or of two.
    private static func changes(_ number: UInt64) -> Changes {
        var changes = Changes()
        changes.users = [("user \(number)", UserState())]
        if number.isMultiple(of: 3) { changes.workspace = [UInt8](repeating: 7, count: 5_000) }
        return changes
    }

    private static func recover(
        _ files: [[UInt8]],
        view: ViewRecord = start,
        committed: UInt64? = nil
    ) throws(LogRecovery.Damage) -> LogRecovery {
        var result: Result<LogRecovery, LogRecovery.Damage>?
        let kept = files.map { file in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: file.count, alignment: 16)
            copy.copyBytes(from: file)
            return UnsafeRawBufferPointer(copy)
        }
        defer { for file in kept { file.deallocate() } }
        result = Result { () throws(LogRecovery.Damage) in
            try LogRecovery(files: kept, view: view, committed: committed)
        }
        return try result!.get()
    }

    @Test("files are put in the order of their commits, and what the view has is left out")
    func order() throws {
        var files = Self.files([3, 4, 2])
        files.swapAt(0, 2)
        let whole = try Self.recover(files, committed: 10)
        #expect(whole.order == [2, 1, 0])
        #expect(whole.next == 10)
        #expect(try Self.recover(files, view: ViewRecord(next: 4, epoch: 1, seal: Self.seal)).order == [1, 0])
        #expect(try Self.recover(files, view: ViewRecord(next: 10, epoch: 1, seal: Self.seal)).order == [])
    }

    @Test("the last file cut anywhere ends with the commit before; with `committed` that is told")
    func cut() throws {
        let files = Self.files([2, 4])
        let whole = try Self.recover(files)
        #expect(whole.next == 7)
        for cut in stride(from: 0, through: files[1].count, by: 511) {
            let rest = [files[0], Array(files[1].prefix(cut))]
            let found = try Self.recover(rest)
            #expect(found.next >= 3 && found.next <= 7)
            let isWhole = found.next == 7
            let told = Result { () throws(LogRecovery.Damage) in try Self.recover(rest, committed: 7) }
            switch told {
            case .success: #expect(isWhole, "cut at \(cut)")
            case .failure(.short): #expect(!isWhole, "cut at \(cut)")
            case .failure(let damage): Issue.record("cut at \(cut): \(damage)")
            }
        }
    }

    @Test("each bit matters: a record that changed and has good ones behind it is damage, in its own file or the next")
    func flipped() throws {
        let files = Self.files([2, 4])
        for file in 0..<2 {
            for byte in stride(from: 0, to: files[file].count - 8 * 1_024, by: 97) {
                var changed = files
                changed[file][byte] ^= 1 << UInt8(byte % 8)
                let found = Result { () throws(LogRecovery.Damage) in try Self.recover(changed, committed: 7) }
                // The zeros that fill up a block are nobody's.
                if case .success(let recovery) = found { #expect(recovery.next == 7, "byte \(byte) of file \(file)") }
            }
        }
        var changed = files
        changed[1][30] ^= 1
        #expect(throws: LogRecovery.Damage.damaged(file: 1, at: 0)) { try Self.recover(changed) }
        changed = files
        changed[0][30] ^= 1
        #expect(throws: LogRecovery.Damage.damaged(file: 0, at: 0)) { try Self.recover(changed) }
    }

    @Test("a file that is missing, or stands twice, is told")
    func missing() throws {
        let files = Self.files([2, 3, 2])
        #expect(throws: LogRecovery.Damage.missing(file: 1, 3, 6)) { try Self.recover([files[0], files[2]]) }
        #expect(throws: LogRecovery.Damage.missing(file: 0, 1, 3)) { try Self.recover([files[1], files[2]]) }
        #expect(throws: LogRecovery.Damage.short(file: 1, found: 6, committed: 8)) {
            try Self.recover([files[0], files[1]], committed: 8)
        }
        #expect(throws: LogRecovery.Damage.short(file: nil, found: 1, committed: 8)) {
            try Self.recover([], committed: 8)
        }
        #expect(throws: LogRecovery.Damage.self) { try Self.recover([files[0], files[1], files[1], files[2]]) }
    }

    @Test("what an earlier use of a file left behind its end is no damage, nor what an earlier start left")
    func leftovers() throws {
        // The first file was used again for commits 6 and 7: behind them stand 3 to 5, which the view has.
        let old = Self.files([5], first: 1)[0]
        var again = Self.files([2], epoch: 1, first: 6)[0]
        again = Array(again.dropLast(2 * 4_096)) + old.dropFirst(again.count - 2 * 4_096)
        #expect(try Self.recover([again], view: ViewRecord(next: 6, epoch: 1, seal: Self.seal)).next == 8)
        // A start of before wrote 8 and 9 and was broken off; of 8 a part stands, and 9 is whole.
        let before = Self.files([2], epoch: 1, first: 8)[0]
        let now = Self.files([1], epoch: 2, first: 8)[0].prefix(4_096)
        let mixed = now + before.dropFirst(4_096)
        let recovery = try Self.recover([Array(mixed)], view: ViewRecord(next: 8, epoch: 2, seal: Self.seal))
        #expect(recovery.next == 9)
        #expect(recovery.epoch == 2)
    }

    @Test("what a client made the daemon write is no record, wherever it stands, nor damage")
    func forged() throws {
        let own = Self.files([2])[0].dropLast(2 * 4_096)
        // The client knows all but the seal: what comes next, and something far ahead.
        for first in [3, 1_000] as [UInt64] {
            let forged = Self.files([2], epoch: 9, first: first, seal: 0)[0]
            for gap in 0..<2 {
                let file = own + [UInt8](repeating: 0, count: gap * 4_096) + forged
                let recovery = try Self.recover([Array(file)], committed: 3)
                #expect(recovery.next == 3)
                #expect(recovery.epoch == 1)
            }
        }
    }
}
