/// Lanes that stand the same, in an order. They are linked by `Lane.before` and `Lane.after`, so that one leaves from
/// anywhere at the same cost.
struct LaneList {
    private(set) var first: LaneID?
    private(set) var last: LaneID?
    private(set) var count = 0

    mutating func append(_ id: LaneID, in lanes: inout LaneTable) {
        lanes[id].before = last
        lanes[id].after = nil
        if let last { lanes[last].after = id } else { first = id }
        last = id
        count += 1
    }

    mutating func remove(_ id: LaneID, in lanes: inout LaneTable) {
        let (before, after) = (lanes[id].before, lanes[id].after)
        if let before { lanes[before].after = after } else { first = after }
        if let after { lanes[after].before = before } else { last = before }
        count -= 1
    }
}
