import Engine
import RPC
import Storage

/// A call and what answers it.
package typealias Finished = (call: Call, result: Result<Payload, Status>)

/// Turns what became of a call's work into its answer. Runs on the engine's thread, after the commit.
package typealias Reply<Value> = @Sendable (Result<Value, Refusal>, Arena) -> Finished

/// What the engine's thread is asked to do. Everything that changes a user or a campaign goes through it, in the
/// order in which it was put into the queue.
enum Work: Sendable {
    case track(TrackWork)
    case lease(UserID, device: Text, Reply<Presented?>)
    /// `action`: what the user did with the message, beside seeing it.
    case acknowledge(UserID, token: UInt64, action: String?, Reply<Void>)
    /// Not shown for so long.
    case hold(UserID, token: UInt64, Length, Reply<Void>)
    case delete(UserID, Reply<Bool>)
    /// Campaigns that were made ready beside the engine's thread.
    case change(CampaignChange)
    case stop(CampaignID, Reply<CampaignStatus>)
    case resume(CampaignID, Reply<CampaignStatus>)
    /// A message's last outcome. `hasState`: whether the store knows of tries of it.
    case settle(OutboxMessage, DeliveryOutcome, attempts: UInt32, hasState: Bool, deadAddresses: [Text])
    /// A try that came to nothing.
    case putOff(OutboxMessage, OutboxState, FailedTry, deadAddresses: [Text])
    /// The channel is about to have the message; called when that is on disk.
    case mark(OutboxMessage, @Sendable () -> Void)
    /// Of these forgotten users nothing is left on disk but their ids.
    case erased([UserID: Erasure])
    /// Dead letters to be sent after all, by their numbers.
    case redrive([UInt64], Reply<[RedriveAnswer]>)
    /// Users of whom some timers belong to a campaign that was stopped.
    case sweep([UserID])

    /// Whether somebody waits for it.
    var isUrgent: Bool {
        switch self {
        case .settle, .putOff, .sweep, .erased: false
        case .track, .lease, .acknowledge, .hold, .delete, .change, .stop, .resume, .mark, .redrive: true
        }
    }

    /// How much of the queue it takes.
    var weight: Int {
        switch self {
        case .track(let work): work.items.count - work.done
        case .sweep(let users): users.count
        case .redrive(let letters, _): max(1, letters.count)
        // A commit of its own.
        case .change, .stop, .resume: 64
        case .lease, .acknowledge, .hold, .delete, .settle, .putOff, .mark, .erased: 1
        }
    }
}

/// What became of a dead letter that was to be sent after all.
package struct RedriveAnswer: Sendable {
    package var number: UInt64
    /// Why it stays a dead letter; nil where it is in its channel's line again.
    package var refusal: String?
}

/// What was decided about one item.
package struct ItemAnswer: Sendable {
    package enum Result: Sendable {
        case accepted
        /// The same item came before.
        case duplicate
        /// Nothing was done of it: what a request with it alone would be refused with.
        case refused(Status.Code, String)
    }

    package var result: Result
    package var decisions: [Decision]
    package var presented: Presented?
    /// Decisions that the reply has no room for.
    var dropped = 0
    /// Whether the reply has no room for the whole of what is presented.
    var isCut = false
}

package struct CampaignStatus: Sendable {
    package var head: CampaignHead
    package var campaign: Campaign
    /// Whether the call made it or changed it.
    package var changed: Bool
    package var warnings: [CampaignWarning] = []
    /// Of its definition, packed; in the answer to an apply.
    var bytes = 0
}

/// Why the engine's thread did not do what it was asked.
package enum Refusal: Error, Sendable {
    /// 1.1.4: an item's id was used with another content.
    case idUsedOtherwise(item: Int, id: Text)
    case unknownCampaign(CampaignID)
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

/// What is wrong with one field of one campaign.
package struct CampaignProblem: Error, Sendable {
    package var file: String
    package var line: Int
    package var campaign: CampaignID
    package var field: String
    package var code: CampaignRefusal.Code
    package var text: String
    package var rule: String?

    package init(
        file: String = "",
        line: Int = 0,
        campaign: CampaignID,
        field: String,
        code: CampaignRefusal.Code,
        text: String,
        rule: String? = nil
    ) {
        self.file = file
        self.line = line
        self.campaign = campaign
        self.field = field
        self.code = code
        self.text = text
        self.rule = rule
    }

    package init(campaign: CampaignID, _ refusal: CampaignRefusal) {
        self.init(
            campaign: campaign,
            field: refusal.field,
            code: refusal.code,
            text: refusal.text,
            rule: refusal.rule
        )
    }
}
