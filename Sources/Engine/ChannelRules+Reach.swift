/// Whether and where a channel reaches a user, by what the profile says (10.6).
extension ChannelRules {
    /// Where the channel can reach the user.
    func addresses(in profile: Object) -> [Text] {
        addressField.flatMap { profile[$0]?.texts }?.filter { !$0.isEmpty } ?? []
    }

    /// Since when the user has each of `addresses`; empty where that is not kept of them.
    func addressesSince(in state: UserState) -> [Instant] {
        guard let addressField, Text(addressField) == Event.pushTokens,
            let tokens = state.profile[addressField]?.texts, tokens.count == state.pushTokensSince.count
        else { return [] }
        return zip(tokens, state.pushTokensSince).filter { !$0.0.isEmpty }.map(\.1)
    }

    /// Why the user cannot or must not be reached: the address, then its state, then consent (13, 10.7).
    func fault(of profile: Object, requiresOptIn: Bool) -> (Decision.Code, Object)? {
        if let addressField, addresses(in: profile).isEmpty {
            switch addressField {
            case "email": return (.noEmail, [:])
            case "push_tokens": return (.noPushToken, [:])
            default: return (.noAddress, ["field": .string(addressField)])
            }
        }
        if let statusField, let status = profile[statusField]?.string {
            if status == "hard_bounced" { return (.hardBounced, [statusField: .string(status)]) }
            if status == "spam" { return (.spamMarked, [statusField: .string(status)]) }
        }
        guard let consentField else { return nil }
        let consent = profile[consentField]?.string ?? "subscribed"
        if consent == "unsubscribed" { return (.unsubscribed, [consentField: .string(consent)]) }
        if requiresOptIn, consent != "opted_in" { return (.notOptedIn, [consentField: .string(consent)]) }
        return nil
    }
}
