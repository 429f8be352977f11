/// Every limit of a campaign, with its reason. What is over one is refused when the campaign is applied, with
/// `invalid_campaign`; one that is in the store already goes on.
package enum CampaignLimits {
    /// Groups, subjects and operators of all its filters together: so many are a generated list, which `any_of` says
    /// better, and each is judged by the one thread that decides.
    package static let conditions = 2_000
    /// Conditions within each other; what judges them goes as deep.
    package static let depth = 32
    /// Values of one operator. A number in a file is two: the number, and its text.
    package static let operands = 2_000
    /// Bytes of a path: a property's name has 255 at most (2.1), and few stand in each other.
    package static let pathBytes = 1_024
    /// Characters of a regular expression (2.2).
    package static let patternLength = 32_764
    /// `\p{…}` in one: each is hundreds of ranges, and those of 30,000 characters took 335 MB and a second to refuse.
    package static let patternClasses = 200
    /// Steps of one regular expression (`Pattern.steps`): so large, it can still be searched for in 500 bytes
    /// (`FilterWork.most`).
    package static let patternSteps = 4_000
    /// Bytes of one that is compiled: a third for what searches find out, two for its program, which has no more
    /// instructions then than so many steps.
    package static let patternMemory: Int64 = 768 << 10
    /// Steps of all its regular expressions: each takes some 130 bytes of memory.
    package static let allPatternSteps = 20_000
    /// Steps of all regular expressions of one request, or of one file.
    package static let requestPatternSteps = 200_000
    /// Each is looked at for every event of its name, and remembered.
    package static let exceptions = 100
    package static let conversions = 100
    /// One a channel.
    package static let messages = 32
    /// Bytes of all its messages: three of the letters that mail services cut off (102 KiB), and a campaign is read
    /// whole and stored whole.
    package static let messageBytes = 1 << 20
    /// Bytes of the keys of one occurrence, areas and products among them: some thousand of them.
    package static let occurrenceBytes = 1 << 18
    /// Circles of a location: each is measured for every position.
    package static let occurrenceElements = 5_000
    /// Users that a control group names; a share is for more.
    package static let controlUsers = 10_000
    /// Each is counted for every send.
    package static let frequencyCaps = 100
}
