import Engine
import Storage

/// Campaigns as they will be, made ready beside the engine's thread, which takes them over.
struct CampaignChange: Sendable {
    enum Outcome: Sendable {
        /// On disk, and in force.
        case done([CampaignStatus])
        /// The campaigns are not those any more from which this was made: nothing was done.
        case stale
        case refused(Refusal)
    }

    /// The revision of the campaigns from which it was made.
    let base: UInt64
    let ready: Ready
    /// Of a last try, which has to end: where it is stale, the engine's thread makes it ready itself. Nothing is
    /// compiled a second time.
    let last: ApplyRequest?
    let done: @Sendable (Outcome) -> Void

    /// All that follows from a request and the campaigns that it was put beside.
    struct Ready: Sendable {
        let registry: CampaignRegistry
        let statuses: [CampaignStatus]
        let context: Context
        let changes: Changes

        init(
            _ request: inout ApplyRequest,
            beside base: CampaignRegistry,
            at now: Instant,
            _ identity: String
        ) throws(Refusal) {
            var registry = base
            statuses = try registry.apply(&request, at: now)
            self.registry = registry
            context = registry.makeContext(identity: identity)
            var changes = Changes()
            changes.campaigns = registry.records(of: statuses)
            if registry.workspace != base.workspace { changes.workspace = registry.workspace.packed() }
            self.changes = changes
        }
    }
}
