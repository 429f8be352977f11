import Engine

/// Names a lane: for which provider it is, and whether it is of those messages whose addresses that provider called dead
/// without being believed. They wait aside: a lane of their own rests and probes, and nobody else stands behind them.
struct LaneName: Hashable {
    /// Empty: the channel has one.
    var service: Text
    var isAside = false

    /// The provider's other lane: both together have its places.
    var other: LaneName { LaneName(service: service, isAside: !isAside) }
}
