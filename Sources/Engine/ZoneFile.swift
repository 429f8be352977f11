/// A zone from a file of the zone database (RFC 8536, "TZif"), of version 2 or later: a table of changes, and a rule for
/// the years after it.
extension Zone {
    /// No zone of the database has a fifth of it.
    package static let largestFile = 64 << 10

    /// Nil for bytes that are no such file, or a damaged one: no clock is better than a wrong one.
    package init?(name: String, file: [UInt8]) {
        guard file.count <= Self.largestFile else { return nil }
        var reader = ZoneFileReader(file)
        guard let table = reader.table() else { return nil }
        self.init(
            name: name,
            offset: table.first.offset,
            clockName: table.first.name,
            transitions: table.transitions,
            rule: table.rule
        )
    }
}

private struct ZoneFileReader {
    private let bytes: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// What a clock shows for a while, and what it is called.
    struct Kind: Equatable {
        var offset: Length
        var name: ClockName
    }

    struct Table {
        var first: Kind
        var transitions: [Zone.Transition] = []
        var rule: ZoneRule?
    }

    private struct Header {
        var version: UInt8
        var (isUTC, isStandard, leaps, times, types, characters) = (0, 0, 0, 0, 0, 0)

        /// Of what follows, where a time takes so many bytes.
        func size(_ time: Int) -> Int {
            times * (time + 1) + types * 6 + characters + leaps * (time + 4) + isStandard + isUTC
        }
    }

    mutating func table() -> Table? {
        // The first block is for readers of 32 bits.
        guard let old = header(), old.version >= UInt8(ascii: "2"), skip(old.size(4)), let header = header(),
            header.version == old.version
        else { return nil }
        // A file of `right/` counts leap seconds, which instants do not.
        guard header.leaps == 0, (1...256).contains(header.types), header.size(8) <= bytes.count - at else {
            return nil
        }
        guard let times = times(header.times), let indices = take(header.times),
            let kinds = kinds(header.types, characters: header.characters), skip(header.isStandard + header.isUTC),
            let footer = footer()
        else { return nil }
        var table = Table(first: kinds[0])
        for (time, index) in zip(times, indices) {
            guard Int(index) < kinds.count else { return nil }
            let kind = kinds[Int(index)]
            // Before the year 1 no instant is (14): what was then is what was first.
            if time <= Self.yearOne { table.first = kind } else { table.add(time, kind) }
        }
        if !footer.isEmpty {
            guard let rule = ZoneRule(footer) else { return nil }
            table.rule = rule
        }
        return table
    }

    private static let yearOne: Int64 = -62_135_596_800
    private static let year10000: Int64 = 253_402_300_800

    private mutating func header() -> Header? {
        guard let magic = take(4), magic.elementsEqual("TZif".utf8), let version = take(1)?.first, skip(15) else {
            return nil
        }
        var counts: [Int] = []
        for _ in 0..<6 {
            // More than the file has bytes is damage.
            guard let count = number(4), (0...Int64(bytes.count)).contains(count) else { return nil }
            counts.append(Int(count))
        }
        return Header(
            version: version,
            isUTC: counts[0],
            isStandard: counts[1],
            leaps: counts[2],
            times: counts[3],
            types: counts[4],
            characters: counts[5]
        )
    }

    /// In seconds; nil unless each is later than the one before.
    private mutating func times(_ count: Int) -> [Int64]? {
        var times: [Int64] = []
        for _ in 0..<count {
            guard let time = number(8), times.last.map({ $0 < time }) ?? true else { return nil }
            times.append(min(time, Self.year10000))
        }
        return times
    }

    private mutating func kinds(_ count: Int, characters: Int) -> [Kind]? {
        var found: [(offset: Length, name: Int)] = []
        for _ in 0..<count {
            // Between the offset and where its name begins: whether it is summer's.
            guard let offset = number(4), abs(offset) <= Zone.largestOffset, skip(1), let name = take(1)?.first else {
                return nil
            }
            found.append((.seconds(offset), Int(name)))
        }
        guard let names = take(characters) else { return nil }
        return found.map { Kind(offset: $0.offset, name: ClockName(names.dropFirst($0.name).prefix { $0 != 0 })) }
    }

    private mutating func footer() -> String? {
        guard take(1)?.first == UInt8(ascii: "\n"), let end = bytes[at...].firstIndex(of: UInt8(ascii: "\n")) else {
            return nil
        }
        return String(decoding: bytes[at..<end], as: UTF8.self)
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= bytes.count - at else { return nil }
        defer { at += count }
        return bytes[at..<(at + count)]
    }

    private mutating func skip(_ count: Int) -> Bool { take(count) != nil }

    /// Big-endian, in two's complement.
    private mutating func number(_ size: Int) -> Int64? {
        guard let taken = take(size), let first = taken.first else { return nil }
        return taken.reduce(first < 0x80 ? 0 : -1) { $0 << 8 | Int64($1) }
    }
}

extension ZoneFileReader.Table {
    fileprivate mutating func add(_ seconds: Int64, _ kind: ZoneFileReader.Kind) {
        let last = transitions.last.map { ZoneFileReader.Kind(offset: $0.offset, name: $0.name) } ?? first
        guard kind != last else { return }  // nothing changed but whether it is summer's
        let at = Instant(milliseconds: seconds * 1_000)
        transitions.append(Zone.Transition(at: at, offset: kind.offset, name: kind.name))
    }
}
