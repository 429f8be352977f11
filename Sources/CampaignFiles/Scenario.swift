import Engine

/// A runnable example: campaigns, users, what happens, and every decision that must follow (docs/campaigns.md).
package struct Scenario: Sendable {
    package var name: String
    package var workspace = Workspace()
    package var campaigns: [Campaign] = []
    /// Where the campaigns' keys stand.
    package var places: [CampaignID: CampaignPlaces] = [:]
    /// What is wrong with `campaigns:` and `workspace:`.
    package var problems: [CampaignProblem] = []
    /// Profiles at the start, in the file's order.
    package var users: [(id: UserID, profile: Object, line: Int)] = []
    /// In order of storage.
    package var events: [Event] = []
    /// When the clock stops; nil: when nothing can happen any more.
    package var until: Instant?
    package var expectation = Expectation.decisions([])

    package enum Event: Sendable {
        /// The fields as `triggerd track` takes them, `at` among them.
        case item(Object, receivedAt: Instant, line: Int)
        case stop(CampaignID, at: Instant, line: Int)
        case resume(CampaignID, at: Instant, line: Int)

        package var receivedAt: Instant {
            switch self {
            case .item(_, let at, _), .stop(_, let at, _), .resume(_, let at, _): at
            }
        }
    }

    package enum Expectation: Sendable {
        case decisions([Expected])
        /// The campaigns must be refused with this code.
        case refused(String)
    }

    package struct Expected: Hashable, Sendable {
        package var at: Instant
        package var user: Text?
        package var campaign: Text?
        package var channel: String?
        package var decision: String
        package var conversion: Int?

        package init(
            at: Instant,
            user: Text?,
            campaign: Text?,
            channel: String?,
            decision: String,
            conversion: Int?
        ) {
            self.at = at
            self.user = user
            self.campaign = campaign
            self.channel = channel
            self.decision = decision
            self.conversion = conversion
        }
    }

    package init(name: String) {
        self.name = name
    }
}

extension Decision {
    /// What a scenario has to expect: every terminal decision, credited conversions, and what waits at its end.
    package var isReported: Bool { code.isTerminal || code == .converted || code == .noSession }

    package var reported: Scenario.Expected {
        Scenario.Expected(
            at: at,
            user: user,
            campaign: campaign,
            channel: channel,
            decision: code.rawValue,
            conversion: conversion
        )
    }
}
