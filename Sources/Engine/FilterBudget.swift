/// What all filters that one event asks may cost together, on the one thread that decides: a text as long as a request
/// may hold costs two of them as much as one may, however many campaigns search it. Campaigns are judged in order of
/// creation.
package struct FilterBudget: Sendable {
    /// In steps (`FilterWork`): some 100 ms.
    package static let all = 4_000_000
    /// What every filter has, whatever others used: an ordinary expression in a text of 500 characters, a list of as
    /// many values as one may have (`CampaignLimits.operands`) for each of several elements.
    package static let each = 10_000

    private var left = all

    package init() {}

    /// Nil where it cost more than is left.
    package mutating func judge(_ filter: (inout FilterWork) -> Bool) -> Bool? {
        let most = max(Self.each, min(FilterWork.most, left))
        var work = FilterWork(most)
        let holds = filter(&work)
        left = max(0, left - (most - work.left))
        return work.isUsedUp ? nil : holds
    }
}
