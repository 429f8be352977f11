import Engine

/// A zero byte in a text that goes into a request: the daemon's texts end at one, so that half of a name would be
/// another's name.
enum ZeroByte {
    static let why = "holds a zero byte"

    /// Where the first one is, by the names that lead there; nil where there is none.
    static func place(in object: Object) -> String? {
        for member in object.members {
            guard !isIn(member.name) else { return shown(member.name) }
            guard let place = place(in: member.value) else { continue }
            return place.isEmpty || place.hasPrefix("[") ? member.name.string + place : "\(member.name).\(place)"
        }
        return nil
    }

    private static func place(in value: Value) -> String? {
        switch value {
        case .string(let text): isIn(text) ? "" : nil
        case .array(let elements):
            elements.enumerated().lazy.compactMap { index, element in
                place(in: element).map { place in
                    "[\(index)]" + (place.isEmpty || place.hasPrefix("[") ? place : ".\(place)")
                }
            }.first
        case .object(let object): place(in: object)
        case .null, .boolean, .integer, .decimal: nil
        }
    }

    private static func isIn(_ text: Text) -> Bool { text.utf8.contains(0) }

    private static func shown(_ name: Text) -> String {
        String(name.string.unicodeScalars.map { $0 == "\0" ? "\u{fffd}" : Character($0) })
    }
}
