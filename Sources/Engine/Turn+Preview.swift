/// A message as it would leave now, for a person to look at: nothing is judged that would hold it, and nothing changes.
package struct MessagePreview: Sendable {
    package var channel: String
    /// Of the profile.
    package var addresses: [Text]
    /// Why the user cannot or must not be reached now.
    package var unreachable: (code: Decision.Code, why: Object)?
    package var rendered: Rendered
}

extension Turn {
    /// The campaign's messages, over the properties of an event that would trigger it.
    package func previews(of version: CampaignVersion, properties: Object) -> [MessagePreview] {
        guard let campaign = context.campaigns.campaign(version) else { return [] }
        return campaign.messages.enumerated().map { index, message in
            let rules = context.channels[message.channel] ?? ChannelRules(queues: false)
            let rendered: Rendered
            var budget = FilterBudget()
            if let reason = campaign.abortReason(facts, now: now, within: &budget) {
                rendered = .aborted(reason)
            } else {
                rendered = context.render(
                    Rendering(
                        version: version,
                        campaign: campaign.id,
                        message: index,
                        user: user,
                        properties: properties,
                        profile: state.profile,
                        now: now
                    )
                )
            }
            return MessagePreview(
                channel: message.channel,
                addresses: rules.addresses(in: state.profile),
                unreachable: rules.fault(of: state.profile, requiresOptIn: campaign.requiresOptIn),
                rendered: rendered
            )
        }
    }
}
