import Engine

/// The names that mean something at one place of a template.
final class NameTable {
    private var assigned: [String: Int] = [:]
    private var loops: [[(name: String, slot: Int)]] = []
    private(set) var slotCount = 0
    /// Names whose values are put in later, by whoever sends the text.
    let filled: [String]

    init(filled: [String]) {
        self.filled = filled
    }

    static let roots: [(String, Path.Root)] = [("event", .event), ("user", .user), ("campaign", .campaign)]
    /// Words of the language, which nothing can be called.
    static let words = [
        "true", "false", "nil", "null", "blank", "empty", "and", "or", "not", "in", "contains", "forloop",
    ]

    func root(_ name: String) -> Path.Root? {
        if let root = Self.roots.first(where: { $0.0 == name }) { return root.1 }
        for loop in loops.reversed() {
            if let found = loop.last(where: { $0.name == name }) { return .slot(found.slot) }
        }
        return assigned[name].map { .slot($0) }
    }

    var loopDepth: Int { loops.count }

    /// For a fault.
    var all: [String] {
        Self.roots.map(\.0) + filled + loops.joined().map(\.name) + assigned.keys.sorted()
            + (loops.isEmpty ? [] : ["forloop"])
    }

    static func isTaken(_ name: String) -> Bool { words.contains(name) || roots.contains { $0.0 == name } }

    func assign(_ name: String) -> Int {
        if let slot = assigned[name] { return slot }
        assigned[name] = newSlot()
        return slotCount - 1
    }

    func enterLoop(_ names: [String]) -> [Int] {
        loops.append(names.map { ($0, newSlot()) })
        return loops[loops.count - 1].map(\.slot)
    }

    func leaveLoop() {
        loops.removeLast()
    }

    private func newSlot() -> Int {
        slotCount += 1
        return slotCount - 1
    }

    /// `; did you mean ...`, or what there is.
    static func hint(_ name: String, _ known: [String]) -> String {
        if let near = Spelling.nearest(to: name, among: known) { return "; did you mean `\(near)`?" }
        return "; there are \(Set(known).sorted().prefix(40).joined(separator: ", "))"
    }
}
