/// Where in the properties a value stands: names joined by `.`, `[]` for every element of an array; a name that
/// holds `.` or `[]` stands in double quotes (2.2).
package struct PropertyPath: Hashable, Sendable, CustomStringConvertible {
    package enum Step: Hashable, Sendable {
        case name(Text)
        case elements
    }

    package let steps: [Step]
    package let description: String

    /// Gives nil for a path that names nothing: empty, an empty name, a quote without its end.
    package init?(_ text: String) {
        var steps: [Step] = []
        // By scalars: a combining mark behind a dot belongs to the name, not to the dot.
        var rest = text.unicodeScalars[...]
        while true {
            let name: Substring.UnicodeScalarView
            if rest.first == "\"" {
                guard let end = rest.dropFirst().firstIndex(of: "\"") else { return nil }
                name = rest[rest.index(after: rest.startIndex)..<end]
                rest = rest[rest.index(after: end)...]
            } else {
                name = rest.prefix { $0 != "." && $0 != "[" }
                rest = rest[name.endIndex...]
            }
            guard !name.isEmpty else { return nil }
            steps.append(.name(Text(Substring(name))))
            while rest.starts(with: "[]".unicodeScalars) {
                steps.append(.elements)
                rest = rest.dropFirst(2)
            }
            if rest.isEmpty { break }
            guard rest.first == "." else { return nil }
            rest = rest.dropFirst()
        }
        self.steps = steps
        self.description = text
    }

    /// Every present value that the path reaches; empty where there is none.
    package func values(in properties: Object) -> [Value] {
        if steps.count == 1, case .name(let name) = steps[0] { return properties[name].map { [$0] } ?? [] }
        var reached: [Value] = [.object(properties)]
        for step in steps {
            switch step {
            case .name(let name):
                reached = reached.compactMap { value in
                    if case .object(let object) = value { object[name] } else { nil }
                }
            case .elements:
                reached = reached.flatMap { value -> [Value] in
                    if case .array(let elements) = value { elements.filter { $0 != .null } } else { [] }
                }
            }
            if reached.isEmpty { return [] }
        }
        return reached
    }
}
