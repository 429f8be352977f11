import Engine

/// What happened, in order: told on request, and hashed, so that two runs of one seed can be compared.
struct Trace {
    private var hash = StableHash()
    private(set) var count = 0
    let isTold: Bool
    /// The newest lines, oldest first: what a failure shows.
    private(set) var last: [String] = []
    private static let kept = 30

    init(isTold: Bool) {
        self.isTold = isTold
    }

    mutating func add(_ now: Instant, _ line: @autoclosure () -> String) {
        let line = line()
        hash.combine(word: UInt64(bitPattern: now.milliseconds))
        hash.combine(line)
        count += 1
        if last.count == 2 * Self.kept { last.removeFirst(Self.kept) }
        last.append("\(now) \(line)")
        if isTold { print("\(now) \(line)") }
    }

    var newest: ArraySlice<String> { last.suffix(Self.kept) }

    var value: String {
        let digits = String(hash.value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
