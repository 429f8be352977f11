/// The beginning of a key as a number, so that keys between others can be named.
struct KeyNumber {
    /// Longer than the hashes, instants and numbers that keys begin with.
    private static let width = 24
    private(set) var bytes: [UInt8]

    /// Nil: behind every key.
    init(_ key: [UInt8]?) {
        bytes = key.map { Array($0.prefix(Self.width)) } ?? [UInt8](repeating: 0xFF, count: Self.width)
        bytes += [UInt8](repeating: 0, count: Self.width - bytes.count)
    }

    /// So far away; nil where that is no key any more.
    func moved(_ bit: Int, down: Bool) -> KeyNumber? {
        var place = Self.width - 1 - bit / 8
        var moved = self
        var step = UInt8(1) << UInt8(bit % 8)
        while place >= 0 {
            let (value, carries) =
                down
                ? moved.bytes[place].subtractingReportingOverflow(step)
                : moved.bytes[place].addingReportingOverflow(step)
            moved.bytes[place] = value
            if !carries { return moved }
            step = 1
            place -= 1
        }
        return nil
    }
}
