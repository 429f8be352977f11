import Engine

/// What a template sees.
package struct TemplateScope: Sendable {
    /// `event`: the properties of the event that triggered.
    package var event: Object
    /// `user`, beside `user.id`.
    package var profile: Object
    package var user: UserID
    /// `campaign.id`.
    package var campaign: CampaignID
    /// `"now"` of the filter `date`.
    package var now: Instant
    /// The zone of a user who has none, or one that does not exist.
    package var workspaceZone: Zone
    /// Nil for a name that no zone has.
    package var zone: @Sendable (String) -> Zone?

    package init(
        event: Object,
        profile: Object,
        user: UserID,
        campaign: CampaignID,
        now: Instant,
        workspaceZone: Zone = .utc,
        zone: @escaping @Sendable (String) -> Zone?
    ) {
        self.event = event
        self.profile = profile
        self.user = user
        self.campaign = campaign
        self.now = now
        self.workspaceZone = workspaceZone
        self.zone = zone
    }

    var userZone: Zone { profile["time_zone"]?.string.flatMap(zone) ?? workspaceZone }

    /// The whole of `user`.
    var userObject: Object {
        Object([.init("id", .string(user))] + profile.members.filter { $0.name != "id" })
    }
}

/// What becomes of the values that a template prints.
package enum Escaping: Hashable, Sendable {
    case text
    /// `& < > " '` become entities, after all filters.
    case html
}
