import Engine
import Foundation

/// A JSON text as a value: whole numbers exactly to 64 bits, others as decimals.
struct JSONLine: Decodable {
    let value: Value

    /// Throws what a person can act on.
    static func parse(_ text: some StringProtocol) throws(Failure) -> Value {
        do {
            return try JSONDecoder().decode(JSONLine.self, from: Data(text.utf8)).value
        } catch {
            throw Failure("not JSON: \(String(text.prefix(80)))")
        }
    }

    init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: Key.self) {
            value = .object(
                Object(
                    try container.allKeys.map {
                        Object.Member($0.stringValue, try container.decode(JSONLine.self, forKey: $0).value)
                    }
                )
            )
        } else if var container = try? decoder.unkeyedContainer() {
            var elements: [Value] = []
            while !container.isAtEnd { elements.append(try container.decode(JSONLine.self).value) }
            value = .array(elements)
        } else {
            let container = try decoder.singleValueContainer()
            if container.decodeNil() {
                value = .null
            } else if let boolean = try? container.decode(Bool.self) {
                value = .boolean(boolean)
            } else if let integer = try? container.decode(Int64.self) {
                value = .integer(integer)
            } else if let decimal = try? container.decode(Double.self) {
                value = .decimal(decimal)
            } else {
                value = .string(try container.decode(String.self))
            }
        }
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
