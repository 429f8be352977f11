/// Messages that memory holds whole, or is about to, of providers that may not take them: by what they are handed over
/// for (`Lane.Turn`). Each kind has a share of the window, so that no crowd of them keeps the line on disk from being
/// read.
struct WholeShare: Equatable {
    var first = 0
    var further = 0
    var probing = 0

    static func + (one: Self, other: Self) -> Self {
        Self(first: one.first + other.first, further: one.further + other.further, probing: one.probing + other.probing)
    }

    static func - (one: Self, other: Self) -> Self {
        Self(first: one.first - other.first, further: one.further - other.further, probing: one.probing - other.probing)
    }

    /// Whether the kind has room for another.
    func hasRoom(_ turn: Lane.Turn, most: Int) -> Bool {
        switch turn {
        case .proven: true
        case .first: first < most
        case .further: further < most
        case .probing: probing < most
        }
    }
}
