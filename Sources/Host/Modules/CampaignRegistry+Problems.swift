import Core
import Engine

/// What is wrong with campaigns that would be well by themselves.
extension CampaignRegistry {
    func problems(of workspace: Workspace) -> [CampaignProblem] {
        var found = workspace.refusals(zone: Zones.zone)
        for (index, cap) in workspace.frequencyCaps.enumerated() {
            guard let channel = cap.channel, plugins.channelRules[channel] == nil else { continue }
            found.append(
                CampaignProblem(
                    field: "workspace.frequency_caps[\(index)].channel",
                    "no loaded plug-in serves the channel \"\(channel)\""
                )
            )
        }
        return found
    }

    func twice(_ campaigns: [Campaign]) -> [CampaignProblem] {
        var ids: Set<CampaignID> = []
        return campaigns.filter { !ids.insert($0.id).inserted }.map { campaign in
            CampaignProblem(
                field: "campaign",
                "two campaigns of this request are called \(campaign.id)",
                campaign: campaign.id
            )
        }
    }

    /// Names of campaigns that are not. Of those that were not changed all are: no campaign ever leaves.
    func referenceProblems(of statuses: [CampaignStatus]) -> [CampaignProblem] {
        statuses.filter(\.changed).flatMap { status in
            status.campaign.references.filter { table.head(of: $0.campaign) == nil }.map { field, reference in
                CampaignProblem(field: field, "there is no campaign \(reference)", campaign: status.campaign.id)
            }
        }
    }

    /// Circles that would never end (13, 1.5). There was none, so any goes through a campaign that was changed.
    func circleProblems(of statuses: [CampaignStatus]) -> [CampaignProblem] {
        let circles = table.circles(
            from: statuses.filter(\.changed).map(\.head.number),
            queues: plugins.queues,
            most: HostLimits.problemsTold
        )
        guard !circles.isEmpty else { return [] }
        let applied = Set(statuses.map(\.head.id))
        return circles.flatMap { circle in
            circle.indices.filter { applied.contains(circle[$0]) }.prefix(HostLimits.problemsTold).map { start in
                let way = (circle[start...] + circle[..<start]).prefix(16) + (circle.count > 16 ? ["..."] : [])
                return CampaignProblem(
                    .zeroDelayCycle,
                    field: "trigger",
                    "without a delay it would go round for ever: "
                        + (way + [circle[start]]).map(\.string).joined(separator: " -> "),
                    rule: "1.5",
                    campaign: circle[start]
                )
            }
        }
    }

    /// What is there already may stay and be edited, whatever the limits were when it came.
    func checkGrowth(from count: Int, _ bytesBefore: Int) throws(Refusal) {
        guard table.count <= max(count, limits.campaigns) else {
            throw .tooMuch("\(table.count) campaigns would be more than the \(limits.campaigns) that there may be")
        }
        guard bytes <= max(bytesBefore, limits.bytesOfCampaigns) else {
            throw .tooMuch(
                "campaigns of \(bytes) bytes would be more than the \(limits.bytesOfCampaigns) that all may have"
            )
        }
    }
}
