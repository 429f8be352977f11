import Engine

/// A disk with one file, which only grows: what was flushed survives a crash, of the rest what chance keeps: some of
/// its beginning, and of that not every block.
struct Disk {
    private(set) var bytes: [UInt8] = []
    private(set) var flushed = 0

    mutating func append(_ more: [UInt8]) { bytes += more }
    mutating func flush() { flushed = bytes.count }
    /// A write that failed is taken back.
    mutating func takeBack() { bytes.removeLast(bytes.count - flushed) }

    mutating func crash(_ chance: inout Chance) {
        let atRisk = bytes.count - flushed
        bytes.removeLast(atRisk - chance.one([0, atRisk, chance.number(in: 0...atRisk)]))
        guard chance.happens(300) else { return }
        for start in stride(from: flushed, to: bytes.count, by: Self.block) where chance.happens(300) {
            for place in start..<min(start + Self.block, bytes.count) { bytes[place] = 0 }
        }
    }

    /// As small as a disk's page, beside commits as small as these.
    private static let block = 64

    /// What cannot be read at the end was never answered.
    mutating func truncate(to count: Int) {
        bytes.removeLast(bytes.count - count)
        flushed = bytes.count
    }
}

/// Commits in a log: each with its length and a checksum before it.
enum LogRecord {
    static func framed(_ payload: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        for word in [UInt64(payload.count), checksum(payload[...])] {
            withUnsafeBytes(of: word.littleEndian) { bytes += $0 }
        }
        return bytes + payload
    }

    /// The commits of a log, and how far it can be read. Below `flushed` nothing is torn.
    static func all(in log: [UInt8], flushed: Int) -> (payloads: [ArraySlice<UInt8>], end: Int) {
        var (payloads, at): ([ArraySlice<UInt8>], Int) = ([], 0)
        while log.count - at >= 16 {
            let (length, sum) = (word(log, at), word(log, at + 8))
            guard length <= UInt64(log.count - at - 16) else { break }
            let payload = log[(at + 16)..<(at + 16 + Int(length))]
            guard payload.endIndex <= flushed || checksum(payload) == sum else { break }
            payloads.append(payload)
            at += 16 + payload.count
        }
        return (payloads, at)
    }

    private static func word(_ bytes: [UInt8], _ at: Int) -> UInt64 {
        bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: UInt64.self)) }
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
