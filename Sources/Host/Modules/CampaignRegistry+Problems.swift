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

    /// Names of campaigns that are not. Of those that were not changed all are: one that others name is not deleted.
    func referenceProblems(of statuses: [CampaignStatus]) -> [CampaignProblem] {
        statuses.filter(\.changed).flatMap { status in
            status.campaign.references.filter { table.head(of: $0.campaign) == nil }.map { field, reference in
                CampaignProblem(field: field, "there is no campaign \(reference)", campaign: status.campaign.id)
            }
        }
    }

    /// Throws which campaigns name those, who would listen for nobody without them.
    func checkUnnamed(_ ids: Set<CampaignID>) throws(Refusal) {
        var named: [CampaignID: [String]] = [:]
        for head in table.all where !ids.contains(head.id) {
            for (field, id) in table.campaign(head.current)?.references ?? [] where ids.contains(id) {
                named[id, default: []].append("\(head.id) (\(field))")
            }
        }
        guard !named.isEmpty else { return }
        let told = named.sorted { $0.key < $1.key }.prefix(HostLimits.problemsTold).map { id, names in
            let more = names.count > HostLimits.namesTold ? " and \(names.count - HostLimits.namesTold) more" : ""
            return "\(id) is named by \(names.prefix(HostLimits.namesTold).joined(separator: ", "))\(more)"
        }
        throw .stillNamed(told.joined(separator: "; ") + ": change or delete those first")
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
                let way =
                    (circle[start...] + circle[..<start]).prefix(HostLimits.namesTold)
                    + (circle.count > HostLimits.namesTold ? ["..."] : [])
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
