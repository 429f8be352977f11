import Engine
import Storage

/// What became of a work, once that is on disk.
package enum Answer: Sendable {
    case tracked([ItemAnswer])
    case presented(Presented?)
    /// It was recorded, and there is nothing more to say.
    case recorded
    /// Whether the user was known.
    case deleted(Bool)
    /// A campaign that was stopped or resumed; `changed`: by this.
    case campaign(CampaignHead, changed: Bool)
    /// Campaigns were changed; those that it deleted, at that instant.
    case changed(at: Instant)
    /// Something waits for a version that was to leave.
    case stillWaits
    case redriven([RedriveAnswer])
    case refused(Refusal)
}

/// What was decided about one item.
package struct ItemAnswer: Sendable {
    package enum Result: Sendable {
        case accepted
        /// The same item came before.
        case duplicate
        /// Nothing was done of it: what a request with it alone would be refused with.
        case refused(Refusal)
    }

    package enum Decisions: Sendable {
        /// `dropped`: so many more were made than one answer holds.
        case told([Decision], dropped: Int)
        /// Those of the first answer, in the store.
        case stored(UserID, ItemReceipt)
    }

    package var result: Result
    package var decisions: Decisions
    package var presented: Presented?
    /// Whether the answer has no room for the whole of what is presented.
    package var isCut = false

    package init(_ result: Result, _ decisions: Decisions = .told([], dropped: 0), presented: Presented? = nil) {
        (self.result, self.decisions, self.presented) = (result, decisions, presented)
    }
}

/// What became of a dead letter that was to be sent after all.
package struct RedriveAnswer: Sendable {
    package var number: UInt64
    /// Why it stays a dead letter; nil where it is in its channel's line again.
    package var refusal: String?
}

/// Why the core, or who takes work in for it, did not do what it was asked.
package enum Refusal: Error, Sendable {
    /// 1.1.4: an item's id was used with another content.
    case idUsedOtherwise(item: Int, id: Text)
    case unknownCampaign(CampaignID)
    /// Campaigns that are to be deleted, and which others name them.
    case stillNamed(String)
    /// No such lease, or it is over.
    case leaseOver
    case invalidCampaigns([CampaignProblem])
    /// The store cannot be written: nothing was changed.
    case unavailable(String)
    /// A record that this needs does not read.
    case damaged(String)
    /// A limit of what all may have together.
    case tooMuch(String)
    /// As much waits as may.
    case full
    /// An item would take its user's profile past a limit.
    case profileFull(item: Int, why: String)
    case draining
}
