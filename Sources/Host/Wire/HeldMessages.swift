import Engine
import Storage

/// What holds a user's claimed messages just now, told as decisions that are not kept: they have no place in the order of
/// decisions.
struct HeldMessages {
    let outbox: Outbox
    let clock: Clock

    func decisions(of user: UserID, _ claims: [Claim], _ table: CampaignTable, campaign: Text) -> [Decision] {
        let now = clock.now()
        let meant = claims.lazy.filter { $0.number != 0 && !$0.isWithdrawn }
            .map { claim in (claim, table.head(claim.campaign)?.id) }
            .filter { campaign.isEmpty || $0.1 == campaign }
        return meant.prefix(WireLimits.heldMessages).compactMap { claim, id in
            guard let hold = outbox.hold(of: OutboxPlace(channel: claim.channel, number: claim.number), now) else {
                return nil
            }
            return Decision(
                sequence: 0,
                at: now,
                user: user,
                campaign: id,
                channel: claim.channel,
                code: .deferredProvider,
                rule: "13",
                why: ["reason": .string(hold.reason)],
                next: hold.next,
                send: claim.send
            )
        }
    }
}
