import Engine
import NaiveModel

/// Everything that a seed decides.
struct Chance {
    private var random: SplitMix

    init(seed: UInt64) {
        random = SplitMix(state: seed)
    }

    mutating func word() -> UInt64 { random.next() }
    mutating func number(_ below: Int) -> Int { Int(random.next() % UInt64(below)) }
    mutating func number(in range: ClosedRange<Int>) -> Int { range.lowerBound + number(range.count) }
    mutating func one<Element>(_ all: [Element]) -> Element { all[number(all.count)] }

    /// In so many of a thousand cases.
    mutating func happens(_ inThousand: Int) -> Bool { number(1_000) < inThousand }

    mutating func length(_ range: ClosedRange<Int64>) -> Length {
        Length(milliseconds: range.lowerBound + Int64(random.next() % UInt64(range.upperBound - range.lowerBound + 1)))
    }
}
