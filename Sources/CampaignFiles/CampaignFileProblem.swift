import Engine

/// What is wrong at one place of a campaign file.
package struct CampaignFileProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package var file: String
    /// From 1.
    package var line: Int
    package var column: Int
    package var campaign: CampaignID
    /// The path of the key: `exceptions[0].where.gt`.
    package var field: String
    package var code: CampaignRefusal.Code
    package var text: String
    package var rule: String?

    package var description: String {
        "\(file):\(line): \(field.isEmpty ? "" : "\(field): ")\(text)"
    }
}

/// The nearest of the known names, if one is near enough to be a slip of the fingers.
func nearest(to name: String, among known: [String]) -> String? {
    let allowed = max(1, name.count / 3)
    return known.map { ($0, distance(Array(name.utf8), Array($0.utf8))) }
        .filter { $0.1 <= allowed }
        .min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
}

/// How many letters must be changed, added, left out or swapped with their neighbour.
private func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var before: [Int] = []
    var last = Array(0...right.count)
    for (i, a) in left.enumerated() {
        var row = [i + 1]
        for (j, b) in right.enumerated() {
            var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a == b ? 0 : 1))
            if i > 0, j > 0, a == right[j - 1], left[i - 1] == b { cost = min(cost, before[j - 1] + 1) }
            row.append(cost)
        }
        (before, last) = (last, row)
    }
    return last[right.count]
}
