/// Names a lane for as long as it is remembered; no later one has the same.
struct LaneID: Hashable, Comparable, Sendable {
    var serial: UInt64

    static func < (left: Self, right: Self) -> Bool { left.serial < right.serial }
}
