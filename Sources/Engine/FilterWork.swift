/// What judging one filter may still cost. The one thread that decides judges it, and a text can be as long as a frame:
/// `a.{0,50}b` looks at each of its letters 50 times.
package struct FilterWork: Sendable {
    /// In steps, of which a core makes about forty in a microsecond: some 50 ms. The largest expression of a
    /// campaign (`CampaignLimits.patternSteps`) can be searched for in a text of 500 characters, an ordinary one in
    /// 100,000.
    package static let most = 2_000_000

    private(set) package var left: Int
    /// Whether something could not be judged for it.
    private(set) package var isUsedUp = false

    package init(_ steps: Int = most) {
        left = steps
    }

    /// Gives false where that much is not left; then nothing is.
    package mutating func take(_ steps: Int) -> Bool {
        guard steps <= left else {
            left = 0
            isUsedUp = true
            return false
        }
        left -= steps
        return true
    }
}
