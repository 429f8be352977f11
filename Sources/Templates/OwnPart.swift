/// How much at the beginning of a text its template wrote itself: literal text, and what it calculates from such, within
/// conditions too. What an event or a profile gives, and how often a list of theirs repeats, is not its own.
struct OwnPart {
    /// Where the first byte of somebody else may stand; nil while there is none.
    private(set) var end: Int?
    /// Names that hold something of somebody else.
    private var slots: Set<Int> = []

    mutating func prints(_ expression: Expression, at count: Int) {
        if end == nil, isForeign(expression) { end = count }
    }

    mutating func repeats(_ loop: Node.Loop, at count: Int) {
        prints(loop.list, at: count)
        if let limit = loop.limit { prints(limit, at: count) }
    }

    mutating func assigns(_ expression: Expression, to slot: Int) {
        guard end == nil else { return }  // Nothing is asked any more.
        if isForeign(expression) { slots.insert(slot) } else { slots.remove(slot) }
    }

    private func isForeign(_ expression: Expression) -> Bool {
        expression.hangs { root in
            switch root {
            case .event, .user: true
            case .slot(let slot): slots.contains(slot)
            case .campaign, nil: false
            }
        }
    }
}
