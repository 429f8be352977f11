/// Lanes by their names and by their providers. They lie one beside the other, so that one is read and changed where it
/// is, and what was needed for many is given back.
struct LaneTable {
    private var lanes: [(id: LaneID, lane: Lane)] = []
    private var places: [LaneID: Int] = [:]
    private var ids: [LaneName: LaneID] = [:]
    private var lastSerial: UInt64 = 0
    #if DEBUG
        /// How often a lane was looked at, to show that this does not follow their number.
        private(set) var looks = 0
    #endif

    var count: Int { lanes.count }
    var all: [(id: LaneID, lane: Lane)] { lanes }

    func id(of name: LaneName) -> LaneID? { ids[name] }

    /// Nil: it was forgotten.
    func standing(_ id: LaneID) -> Lane.Standing? { places[id].map { lanes[$0].lane.standing } }

    subscript(id: LaneID) -> Lane {
        _read { yield lanes[place(id)].lane }
        _modify {
            #if DEBUG
                looks += 1
            #endif
            yield &lanes[place(id)].lane
        }
    }

    /// The lane is remembered for as long as anything has to do with it.
    private func place(_ id: LaneID) -> Int {
        guard let place = places[id] else {
            preconditionFailure("the lane \(id.serial) of \(lastSerial) is asked for, and was forgotten")
        }
        return place
    }

    mutating func add(_ lane: Lane) -> LaneID {
        lastSerial += 1
        let id = LaneID(serial: lastSerial)
        ids[lane.name] = id
        places[id] = lanes.count
        lanes.append((id, lane))
        return id
    }

    mutating func remove(_ id: LaneID) {
        let place = place(id)
        ids[lanes[place].lane.name] = nil
        places[id] = nil
        lanes.swapAt(place, lanes.count - 1)
        lanes.removeLast()
        if place < lanes.count { places[lanes[place].id] = place }
        // None of these becomes smaller by itself.
        guard lanes.capacity > 4 * max(lanes.count, LineLimits.roomForLanes) else { return }
        lanes = Array(lanes)
        places = Dictionary(uniqueKeysWithValues: places.map { ($0, $1) })
        ids = Dictionary(uniqueKeysWithValues: ids.map { ($0, $1) })
    }
}
