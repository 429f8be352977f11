import Engine

/// Every limit of one step, with its reason.
package struct CoreLimits: Sendable {
    /// Items of a request that are decided in one step at most: enough to share a flush among all that waits, few
    /// enough that one commit takes a few milliseconds.
    package var itemsPerStep = 512
    /// Works or timers between two looks at the clock: at first one, then more and more, up to this.
    package var largestPiece = 32
    /// What the users whom one step changes take in memory: each of them is written whole. What is left waits for its
    /// turn.
    package var userBytesPerStep = 32 << 20
    /// Users read from the store together: one may take some MiB, and hardly any does.
    package var usersPerRead = 32
    /// Of one request's answer, what is kept of decisions, and as much of what is presented: as much as a frame holds.
    package var answerBytes = 4 << 20
    /// Whether what comes in is kept for rehearsals.
    package var keepsEvents = true

    package init() {}
}

/// Every limit of an item and of what it makes of a profile. One item's cost is bounded by them: they are far above
/// what anybody needs to decide about a message, and nothing that is handled for each item of a frame is large.
package enum ItemLimits {
    /// Ids of users and items, in bytes: what fits a key of the store.
    package static let id = 512
    /// Names of events, properties and attributes, in bytes.
    package static let name = 255
    /// One text, in bytes: as long as a template may be.
    package static let text = 256 << 10
    /// Properties of an item, and attributes that it sets: each is looked up by a walk over the others.
    package static let properties = 1_000
    /// Values of an item, those within lists and objects counted.
    package static let values = 5_000
    /// Names, texts and values of an item, as `ObjectSize` counts them: four items fill a frame.
    package static let bytes = 1 << 20
    /// Fields of an item's message: more than so many values can have.
    package static let fields = 65_536
    /// How far a client's clock may be off before its items' times are moved (14): a request is under way for that long.
    package static let clockError = Length.seconds(5)
    /// Attributes and bytes of a profile: it is written whole whenever anything happens to its user.
    package static let profileAttributes = 1_000
    package static let profileBytes = 512 << 10
}
