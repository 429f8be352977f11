import Engine

extension CampaignProblem {
    /// With the file and the line that it is about, where the campaign was read from a file.
    func placed(in set: CampaignSet) -> CampaignProblem {
        guard file.isEmpty, let places = set.places[campaign] else { return self }
        var placed = self
        placed.file = places.file
        placed.line = places.line(of: field) ?? 0
        return placed
    }
}
