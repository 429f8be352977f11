/// Every limit of a template, with its reason.
package struct TemplateLimits: Hashable, Sendable {
    /// The bytes of a template: no message is longer, and parsing holds up whoever applies a campaign.
    package var longestText = 256 << 10
    /// Blocks within blocks: parsing and rendering call themselves once a level, on a stack of a known size.
    package var deepestNesting = 32
    /// Parentheses, `not` and brackets within each other, for the same reason.
    package var deepestExpression = 32
    /// What a render may do. A step is a node of the template, a turn of a loop, a filter, or the work that these do
    /// on 1,024 bytes (on 128 where something is sought, on 16 where characters are told apart, which is slower): about
    /// 1 us each, so that the worst message holds up the others for a few tenths of a second.
    package var mostSteps = 100_000
    /// What finding out costs, of a whole template, whether what hangs on no value can be rendered: applying a campaign
    /// is not held up by it. What lies beyond is found when it is rendered.
    package var mostConstantSteps = 10_000
    /// The bytes of one text, and of any on the way: more is no message, and memory is finite.
    package var longestOutput = 1 << 20
    /// Those of all fields of a message: a payload as long as one may be, beside its URL and its headers.
    package var longestMessage = (1 << 20) + (64 << 10)
    /// Elements of a list that a filter makes: each is some 100 bytes of memory.
    package var longestList = 10_000

    package init() {}
}

/// What is left of the limits; the fields of a message share one.
package struct RenderBudget: Sendable {
    package let limits: TemplateLimits
    package internal(set) var steps: Int
    package internal(set) var bytes: Int

    package init(_ limits: TemplateLimits = TemplateLimits()) {
        self.limits = limits
        (steps, bytes) = (limits.mostSteps, limits.longestMessage)
    }

    mutating func take(steps count: Int) throws(RenderFault) {
        guard count <= steps else {
            steps = 0
            throw .failed("it takes more than \(limits.mostSteps) steps")
        }
        steps -= count
    }

    /// How much is done in one step.
    enum Pace: Int {
        /// Bytes that are only copied.
        case copying = 1_024
        case seeking = 128
        /// Bytes whose characters are told apart; elements of a list.
        case telling = 16
    }

    /// The work on so many bytes.
    mutating func take(workOn count: Int, _ pace: Pace = .copying) throws(RenderFault) {
        if count >= pace.rawValue { try take(steps: count / pace.rawValue) }
    }

    mutating func take(output count: Int) throws(RenderFault) {
        guard count <= bytes else {
            bytes = 0
            throw .failed("all fields together give more than \(limits.longestMessage) bytes")
        }
        bytes -= count
    }
}
