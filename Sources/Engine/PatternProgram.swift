/// What an expression is compiled to.
struct PatternProgram: Sendable {
    enum Step: Sendable {
        /// A character of that set.
        case one(Int32)
        case jump(Int32)
        case fork(Int32, Int32)
        case assert(PatternAssertion)
        case found
    }

    struct OneOf: Sendable {
        var set: PatternSet
        /// Which characters of ASCII are in it.
        var ascii = ASCIISet()
        var size: Int

        init(_ set: PatternSet) {
            self.set = set
            size = set.size
            for value in UInt8(0)..<128 where set.contains(PatternSet.forms(of: Unicode.Scalar(value))) {
                ascii.insert(value)
            }
        }
    }

    private(set) var steps: [Step] = []
    private(set) var sets: [OneOf] = []
    /// The characters of ASCII that can begin what it describes; nil where it may begin with none.
    private(set) var firsts: ASCIISet?

    private var indices: [PatternSet: Int32] = [:]
    /// Parts compiled so far: one that is empty and repeated takes time, and no steps.
    private var parts = 0

    init(_ tree: PatternTree) throws(PatternFault) {
        try add(tree)
        steps.append(.found)
        indices = [:]
        firsts = findFirsts()
    }

    private mutating func add(_ tree: PatternTree) throws(PatternFault) {
        parts += 1
        guard steps.count < Pattern.mostSteps, parts < 4 * Pattern.mostSteps else {
            throw PatternFault(text: "it repeats too much: more than \(Pattern.mostSteps) steps")
        }
        switch tree {
        case .empty: break
        case .one(let set): steps.append(.one(index(of: set)))
        case .assert(let assertion): steps.append(.assert(assertion))
        case .sequence(let parts): for part in parts { try add(part) }
        case .choice(let parts): try add(choice: parts)
        case .repeated(let part, let least, let most):
            for _ in 0..<least { try add(part) }
            guard let most else {
                let fork = reserve()
                try add(part)
                steps.append(.jump(fork))
                steps[Int(fork)] = .fork(fork + 1, next)
                return
            }
            var forks: [Int32] = []
            for _ in least..<max(least, most) {
                forks.append(reserve())
                try add(part)
            }
            for fork in forks { steps[Int(fork)] = .fork(fork + 1, next) }
        }
    }

    private mutating func add(choice parts: [PatternTree]) throws(PatternFault) {
        var ends: [Int32] = []
        for part in parts.dropLast() {
            let fork = reserve()
            try add(part)
            ends.append(reserve())
            steps[Int(fork)] = .fork(fork + 1, next)
        }
        if let last = parts.last { try add(last) }
        for end in ends { steps[Int(end)] = .jump(next) }
    }

    private var next: Int32 { Int32(steps.count) }

    /// A place whose step is known later.
    private mutating func reserve() -> Int32 {
        steps.append(.jump(0))
        return next - 1
    }

    private mutating func index(of set: PatternSet) -> Int32 {
        if let known = indices[set] { return known }
        let index = Int32(sets.count)
        sets.append(OneOf(set))
        indices[set] = index
        return index
    }

    private func findFirsts() -> ASCIISet? {
        var firsts = ASCIISet()
        var seen = [Bool](repeating: false, count: steps.count)
        var open: [Int32] = [0]
        while let state = open.popLast() {
            guard !seen[Int(state)] else { continue }
            seen[Int(state)] = true
            switch steps[Int(state)] {
            case .found, .assert: return nil
            case .one(let set): firsts.formUnion(sets[Int(set)].ascii)
            case .jump(let to): open.append(to)
            case .fork(let first, let second): open += [first, second]
            }
        }
        return firsts
    }
}

indirect enum PatternTree {
    case empty
    case one(PatternSet)
    case assert(PatternAssertion)
    case sequence([PatternTree])
    case choice([PatternTree])
    case repeated(PatternTree, least: Int, most: Int?)
}
