/// Finds a text in another one in one pass, whatever the two look like (Knuth, Morris and Pratt).
struct ByteSearch {
    private let sought: [UInt8]
    /// For each length of a match that ends: the length of the next shorter one.
    private let shorter: [Int]

    /// `sought` holds at least one byte.
    init(_ sought: [UInt8]) {
        var shorter = [Int](repeating: 0, count: sought.count)
        var length = 0
        for index in sought.indices.dropFirst() {
            while length > 0, sought[index] != sought[length] { length = shorter[length - 1] }
            if sought[index] == sought[length] { length += 1 }
            shorter[index] = length
        }
        (self.sought, self.shorter) = (sought, shorter)
    }

    /// Where it begins, without overlaps.
    func places(in text: [UInt8], most: Int = .max) -> [Int] {
        var found: [Int] = []
        var length = 0
        for (index, byte) in text.enumerated() {
            while length > 0, byte != sought[length] { length = shorter[length - 1] }
            if byte == sought[length] { length += 1 }
            guard length == sought.count else { continue }
            found.append(index + 1 - length)
            if found.count == most { break }
            length = 0
        }
        return found
    }
}
