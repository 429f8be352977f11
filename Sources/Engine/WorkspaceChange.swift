/// What became of a workspace that was applied: it takes the place of the last one whole.
package struct WorkspaceChange: Hashable, Sendable {
    package var isChanged: Bool
    /// Keys that the last one had and this one has not; the zone where it is the default again.
    package var gone: [String]
    package var warnings: [CampaignWarning]

    package init(from before: Workspace, to now: Workspace) {
        isChanged = before != now
        gone = before.keys.filter { !now.keys.contains($0) }
        warnings = now.warnings
    }
}

extension Workspace {
    /// Of what it says, as a file writes them.
    fileprivate var keys: [String] {
        let says = [
            ("time_zone", timeZone != Workspace().timeZone), ("frequency_caps", !frequencyCaps.isEmpty),
            ("control_group", controlGroup != nil), ("quiet_hours", quietHours != nil),
        ]
        return says.filter(\.1).map(\.0)
    }

    fileprivate var warnings: [CampaignWarning] {
        var found = frequencyCaps.enumerated().filter { $1.atMost == 0 }.map { index, cap in
            CampaignWarning(
                field: "workspace.frequency_caps[\(index)].at_most",
                text: "no campaign sends anything\(cap.channel.map { " by \($0)" } ?? "")",
                rule: "10.2"
            )
        }
        if let controlGroup, controlGroup.isEverybody {
            found.append(
                CampaignWarning(
                    field: "workspace.control_group",
                    text: "everybody is in it: no campaign sends anything",
                    rule: "10.5"
                )
            )
        }
        return found
    }
}

extension ControlGroup {
    var isEverybody: Bool { self == .percent(100) }
}
