import ArgumentParser
import Engine

extension Length {
    /// An option's. Throws what to write instead.
    init(_ text: String, option: String, example: String) throws {
        guard let length = Length(text) else {
            throw ValidationError(
                "\(option) \(text): write a length of time, a whole number and s, m, h, d or w: \(example)"
            )
        }
        guard length <= CommandLimits.length else {
            throw ValidationError("\(option) \(text): \(CommandLimits.length) is the longest; \(example) is usual")
        }
        self = length
    }
}
