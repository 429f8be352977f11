import Engine
import Storage

/// What the core is asked to do: a value. Everything that changes a user or a campaign is one of these, and is done in
/// the order in which it is given. Boxed, since it goes from hand to hand.
package indirect enum Work: Sendable {
    case track(Track)
    case lease(UserID, device: Text)
    /// `action`: what the user did with the message, beside seeing it.
    case acknowledge(UserID, token: UInt64, action: String?)
    /// Not shown for so long.
    case hold(UserID, token: UInt64, Length)
    case delete(UserID)
    /// Campaigns that were made ready beside the core.
    case change(CampaignChange)
    /// `definition`: of its newest version, as the store has it.
    case stop(CampaignID, definition: [UInt8])
    case resume(CampaignID, definition: [UInt8])
    /// A message's last outcome. `hasState`: whether the store knows of tries of it.
    case settle(OutboxMessage, DeliveryOutcome, attempts: UInt32, hasState: Bool, deadAddresses: [Text])
    /// A try that came to nothing.
    case putOff(OutboxMessage, OutboxState, FailedTry, deadAddresses: [Text])
    /// The channel is about to have the message; answered when that is on disk.
    case mark(OutboxMessage)
    /// Dead letters to be sent after all, by their numbers.
    case redrive([UInt64])
    /// Users of whom some timers belong to a campaign that was stopped.
    case sweep([UserID])
}

/// The campaigns as they decide from now on, and what the store is to hold of them.
package struct CampaignChange: Sendable {
    package var context: Context
    package var records: [CampaignRecord]
    /// As the store has it; nil where it stays.
    package var workspace: [UInt8]?
    /// Campaigns that are deleted by it, each with its newest version's definition, as the store has it.
    package var deleted: [CampaignNumber: [UInt8]] = [:]
    /// Versions that are not in the context any more, and deleted campaigns: nothing is done where anything waits for
    /// them after all.
    package var leaving: [CampaignVersion] = []
    package var gone: [CampaignNumber] = []

    package init(context: Context, records: [CampaignRecord], workspace: [UInt8]? = nil) {
        (self.context, self.records, self.workspace) = (context, records, workspace)
    }
}

extension Work {
    /// What is true of a kind of work.
    package struct Traits {
        package enum Users {
            case one(UserID)
            case several([UserID])
            /// Those of its items.
            case ofItems(Track)
            /// Nobody, or who is known only later.
            case none
        }

        /// How much of a queue it takes, in items.
        package var weight = 1
        package var users = Users.none
        /// Whether it is the daemon's own: nobody would ask again, so it is kept until it can be recorded.
        package var isOwn = false
        /// Whether somebody waits for it.
        package var isUrgent = true
        /// Whether what follows is decided by other campaigns: it has a commit of its own.
        package var isAlone = false
    }

    package var traits: Traits {
        switch self {
        case .track(let track): Traits(weight: track.items.count - track.done, users: .ofItems(track))
        case .lease(let user, _), .acknowledge(let user, _, _), .hold(let user, _, _), .delete(let user):
            Traits(users: .one(user))
        case .change, .stop, .resume: Traits(weight: 64, isAlone: true)
        case .settle(let message, _, _, _, _), .putOff(let message, _, _, _):
            Traits(users: .one(message.user), isOwn: true, isUrgent: false)
        case .mark: Traits(isOwn: true)
        case .redrive(let letters): Traits(weight: max(1, letters.count))
        case .sweep(let users): Traits(weight: users.count, users: .several(users), isOwn: true, isUrgent: false)
        }
    }

    /// What answers it where nothing of it could be recorded; of items that were recorded before, their own answers.
    package func refused(_ refusal: Refusal) -> Answer {
        if case .track(let track) = self, track.done > 0 { return .tracked(track.answers(refusingRest: refusal)) }
        return .refused(refusal)
    }
}
