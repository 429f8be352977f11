/// What judging one filter may still cost. The one thread that decides judges it, and a text can be as long as a frame.
package struct FilterWork: Sendable {
    /// In steps, of which a core makes about forty in a microsecond: some 50 ms. The largest expression of a
    /// campaign (`CampaignLimits.patternSteps`) can be searched for in a text of 500 bytes, an ordinary one in 500,000.
    package static let most = 2_000_000

    private(set) package var left: Int
    /// Whether something could not be judged for it.
    private(set) package var isUsedUp = false

    package init(_ steps: Int = most) {
        left = steps
    }

    /// What it was for cannot be judged, with whatever work.
    package mutating func giveUp() {
        left = 0
        isUsedUp = true
    }

    /// Gives false where that much is not left; then nothing is.
    package mutating func take(_ steps: Int) -> Bool {
        guard steps <= left else {
            giveUp()
            return false
        }
        left -= steps
        return true
    }
}
