import Engine
import Storage

/// Where a message of a line is. One that is on disk above `DiskWindow.cursor`, or whose outcome is on disk, is in no
/// state: memory does not know it. `mayBecome` says which states may follow.
enum MessageState {
    /// An earlier message of its user for the same provider has no outcome yet. Memory has its number.
    case behind
    /// It was tried, and its pause is not over. Memory has its number.
    case later(at: Instant)
    /// The channel had it when the daemon died: it waits to be tried alone. Memory has its number. It is given up at
    /// `last`.
    case suspected(last: Instant)
    /// Its provider rests, or has enough to do. Memory has its number. It is given up at `last`.
    case parked(LaneID, last: Instant)
    /// It is to be read from disk. The lane, where it was parked: it keeps its place before those parked behind it.
    case wanted(LaneID?)
    /// It is being read.
    case loading(LaneID?)
    /// Nobody has asked yet which provider it is for.
    case unsorted(Box<OutboxEntry>)
    /// Its channel is being asked that.
    case sorting(Box<OutboxEntry>)
    /// It waits in its provider's lane for a free place.
    case ready(Box<OutboxEntry>, LaneID)
    /// It has a place, and it is being put on disk that the channel will have it (where it is never sent again).
    case marking(Box<OutboxEntry>, LaneID)
    /// That is on disk: it goes next.
    case marked(Box<OutboxEntry>, LaneID)
    /// The channel has it.
    case underWay(Box<OutboxEntry>, LaneID, deadline: Instant)
    /// It ends without another try, as soon as that may be told.
    case ending(Box<OutboxEntry>, Box<DeliveryOutcome>)
    /// Its outcome was told, and is not on disk yet.
    case settled

    enum Kind: Int, CaseIterable {
        case behind, later, parked, wanted, loading, unsorted, sorting, ready, marking, marked, underWay, ending
        case settled, suspected
    }

    var kind: Kind {
        switch self {
        case .behind: .behind
        case .later: .later
        case .suspected: .suspected
        case .parked: .parked
        case .wanted: .wanted
        case .loading: .loading
        case .unsorted: .unsorted
        case .sorting: .sorting
        case .ready: .ready
        case .marking: .marking
        case .marked: .marked
        case .underWay: .underWay
        case .ending: .ending
        case .settled: .settled
        }
    }

    /// When something becomes of it by itself: nil where something else has to happen. `givesUpAfter` the claim.
    func alarm(_ givesUpAfter: Length) -> Instant? {
        switch self {
        case .later(let at): at
        case .parked(_, let last), .suspected(let last): last
        case .ready(let entry, _): entry.value.message.claimedAt + givesUpAfter
        case .underWay(_, _, let deadline): deadline
        case .behind, .wanted, .loading, .unsorted, .sorting, .marking, .marked, .ending, .settled: nil
        }
    }
}

extension MessageState.Kind {
    /// The drawing of docs/architecture.md. A message comes in as `behind` or `loading`, and leaves from `settled`, or
    /// from `loading` where the disk does not show it any more.
    func mayBecome(_ next: Self) -> Bool {
        switch self {
        case .behind, .later, .suspected, .parked: next == .wanted
        case .wanted: next == .loading
        case .loading:
            next == .wanted || next == .later || next == .suspected || next == .unsorted || next == .ready
                || next == .parked || next == .ending
        case .unsorted: next == .sorting
        case .sorting: next == .behind || next == .later || next == .ready || next == .parked || next == .ending
        case .ready: next == .parked || next == .marking || next == .underWay || next == .ending
        case .marking: next == .marked
        case .marked: next == .underWay || next == .settled
        case .underWay: next == .later || next == .wanted || next == .settled
        case .ending: next == .settled
        case .settled: false
        }
    }
}
