/// Walks a text once with the set of all states that an expression can be in; all starts are tried at once.
struct PatternSearch {
    private let program: PatternProgram
    /// The states that wait for a character, at the place that is looked at.
    private var waiting: [Int32] = []
    /// The states that its character leads to.
    private var reached: [Int32] = []
    private var open: [Int32] = []
    /// By state: the last place at which it was entered.
    private var entered: [Int]

    init(_ program: PatternProgram) {
        self.program = program
        entered = [Int](repeating: -1, count: program.steps.count)
    }

    /// Nil where `work` did not suffice to tell.
    mutating func run(_ text: String, _ work: inout FilterWork) -> Bool? {
        var scalars = text.unicodeScalars.makeIterator()
        var place = PatternPlace(before: nil, here: scalars.next(), after: scalars.next())
        var at = 0
        while true {
            if let here = place.here, reached.isEmpty, let firsts = program.firsts, here.isASCII,
                !firsts.contains(here)
            {
                guard work.take(1) else { return nil }
            } else {
                waiting.removeAll(keepingCapacity: true)
                // At each place the expression may begin.
                reached.append(0)
                for state in reached where enter(state, at, place) { return true }
                guard let here = place.here else { return false }
                reached.removeAll(keepingCapacity: true)
                guard work.take(1 + waiting.count) else { return nil }
                guard step(here, &work) else { return nil }
            }
            at += 1
            place = PatternPlace(before: place.here, here: place.after, after: scalars.next())
        }
    }

    /// Adds a state and all that it leads to without a character. Gives whether one of them is the end.
    private mutating func enter(_ state: Int32, _ at: Int, _ place: PatternPlace) -> Bool {
        open.append(state)
        while let state = open.popLast() {
            guard entered[Int(state)] != at else { continue }
            entered[Int(state)] = at
            switch program.steps[Int(state)] {
            case .found: return true
            case .one: waiting.append(state)
            case .jump(let to): open.append(to)
            case .fork(let first, let second):
                open.append(second)
                open.append(first)
            case .assert(let assertion): if assertion.holds(place) { open.append(state + 1) }
            }
        }
        return false
    }

    /// Gives false where the work did not suffice.
    private mutating func step(_ here: Unicode.Scalar, _ work: inout FilterWork) -> Bool {
        if here.isASCII {
            for state in waiting {
                if case .one(let set) = program.steps[Int(state)], program.sets[Int(set)].ascii.contains(here) {
                    reached.append(state + 1)
                }
            }
            return true
        }
        let forms = PatternSet.forms(of: here)
        for state in waiting {
            guard case .one(let index) = program.steps[Int(state)] else { continue }
            let set = program.sets[Int(index)]
            guard work.take(set.size) else { return false }
            if set.set.contains(forms) { reached.append(state + 1) }
        }
        return true
    }
}

/// A place between two characters of a text.
struct PatternPlace {
    var before: Unicode.Scalar?
    var here: Unicode.Scalar?
    var after: Unicode.Scalar?
}

/// What holds at a place or not.
enum PatternAssertion: Hashable, Sendable {
    case textStarts, textEnds, lineStarts, lineEnds, wordEdge, noWordEdge
    /// `\Z` and `$`: before a line's end that ends the text, too.
    case textEndsOrLastLine

    func holds(_ place: PatternPlace) -> Bool {
        func isWord(_ scalar: Unicode.Scalar?) -> Bool { scalar.map(PatternSet.isWord) ?? false }
        switch self {
        case .textStarts: return place.before == nil
        case .textEnds: return place.here == nil
        case .textEndsOrLastLine: return place.here == nil || place.here == "\n" && place.after == nil
        case .lineStarts: return place.before == nil || place.before == "\n"
        case .lineEnds: return place.here == nil || place.here == "\n"
        case .wordEdge: return isWord(place.before) != isWord(place.here)
        case .noWordEdge: return isWord(place.before) == isWord(place.here)
        }
    }
}
