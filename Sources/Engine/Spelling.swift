/// What somebody meant who wrote a name that nobody knows.
package enum Spelling {
    /// Longer names are no slip of the fingers, and the search takes the square of their length.
    private static let longest = 64

    /// The nearest of the known names, if one is near enough: of three letters one may be wrong.
    package static func nearest(to name: String, among known: [String]) -> String? {
        guard name.utf8.count <= longest else { return nil }
        let allowed = max(1, name.utf8.count / 3)
        return known.filter { abs($0.utf8.count - name.utf8.count) <= allowed }
            .map { (distance: distance(Array(name.utf8), Array($0.utf8)), name: $0) }
            .filter { $0.distance <= allowed }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
    }

    /// How many letters must be changed, added, left out or swapped with their neighbour.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
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
}
