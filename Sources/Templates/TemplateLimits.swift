/// Every limit of a template, with its reason.
package struct TemplateLimits: Hashable, Sendable {
    /// The bytes of a template: no message is longer, and parsing holds up whoever applies a campaign.
    package var longestText = 256 << 10
    /// Blocks within blocks: parsing and rendering call themselves once a level, on a stack of a known size.
    package var deepestNesting = 32
    /// Parentheses, `not` and brackets within each other, for the same reason.
    package var deepestExpression = 32
    /// What a render may do. A step is a node of the template, a turn of a loop, a filter, or the work that these do
    /// on 1,024 bytes (64 where characters are told apart, which is slower): below 1 us each, so that one message holds
    /// up the others for 100 ms at most.
    package var mostSteps = 100_000
    /// The bytes that a render gives, and those of any text on the way: more is no message, and memory is finite.
    package var longestOutput = 1 << 20
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
        (steps, bytes) = (limits.mostSteps, limits.longestOutput)
    }

    mutating func take(steps count: Int) throws(RenderFault) {
        guard count <= steps else {
            steps = 0
            throw .failed("it takes more than \(limits.mostSteps) steps")
        }
        steps -= count
    }

    /// The work on so many bytes.
    mutating func take(workOn count: Int, perStep: Int = 1_024) throws(RenderFault) {
        if count >= perStep { try take(steps: count / perStep) }
    }

    mutating func take(output count: Int) throws(RenderFault) {
        guard count <= bytes else {
            bytes = 0
            throw .failed("it gives more than \(limits.longestOutput) bytes")
        }
        bytes -= count
    }
}
