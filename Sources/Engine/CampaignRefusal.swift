/// Why a campaign cannot be applied (11, "Configuration refusals").
package struct CampaignRefusal: Error, Hashable, Sendable {
    package enum Code: String, Hashable, Sendable {
        case exceptionNeedsDelay = "exception_needs_delay"
        case sessionStartBoth = "session_start_both"
        case sessionStartExceptionForInApp = "session_start_exception_for_in_app"
        case reEligibilityTooLong = "reeligibility_too_long"
        case noChannel = "no_channel"
        case invalidCampaign = "invalid_campaign"
    }

    package var code: Code
    /// The path of the field, as a campaign file writes it: `exceptions[0].type`.
    package var field: String
    package var text: String
    /// The number in the rules, where the code has one.
    package var rule: String?

    package init(_ code: Code, field: String, _ text: String, rule: String? = nil) {
        self.code = code
        self.field = field
        self.text = text
        self.rule = rule
    }
}

extension Campaign {
    /// The longest delay (3.1).
    package static let longestDelay = Length.days(731)

    /// Everything in it that no engine could honour, in the order of its fields; `queues` says whether a channel
    /// waits for the user's next session.
    package func refusals(queues: (_ channel: String) -> Bool) -> [CampaignRefusal] {
        var found: [CampaignRefusal] = []
        if !Self.isName(id) {
            found.append(
                CampaignRefusal(
                    .invalidCampaign,
                    field: "campaign",
                    "\"\(id)\" is not a campaign's id: 1 to 128 letters, digits, '-', '_' and '.'"
                )
            )
        }
        if trigger.same != nil {
            found.append(
                CampaignRefusal(.invalidCampaign, field: "trigger.same", "`same` belongs to exceptions", rule: "4.14")
            )
        }
        if delay > Self.longestDelay {
            found.append(
                CampaignRefusal(.invalidCampaign, field: "delay", "a delay is at most 731 days", rule: "3.1")
            )
        }
        if !exceptions.isEmpty, delay == .zero {
            found.append(
                CampaignRefusal(
                    .exceptionNeedsDelay,
                    field: "exceptions",
                    "an exception has no time to happen without a delay: set `delay`",
                    rule: "4.1"
                )
            )
        }
        for (index, exception) in exceptions.enumerated() where exception.type == Event.sessionStart {
            if trigger.type == Event.sessionStart {
                found.append(
                    CampaignRefusal(
                        .sessionStartBoth,
                        field: "exceptions[\(index)].type",
                        "a session start cannot be both the trigger and an exception",
                        rule: "4.10"
                    )
                )
            }
            if messages.contains(where: { queues($0.channel) }) {
                found.append(
                    CampaignRefusal(
                        .sessionStartExceptionForInApp,
                        field: "exceptions[\(index)].type",
                        "the session that would show the message would cancel it",
                        rule: "4.12"
                    )
                )
            }
        }
        if case .after(let wait) = reEligibility, wait > ReEligibility.longest {
            found.append(
                CampaignRefusal(
                    .reEligibilityTooLong,
                    field: "re_eligibility.after",
                    "re-eligibility is at most 720 days, this is \(wait)",
                    rule: "6.2"
                )
            )
        }
        if messages.isEmpty {
            found.append(CampaignRefusal(.noChannel, field: "messages", "a campaign needs at least one message"))
        }
        for (index, message) in messages.enumerated()
        where messages[..<index].contains(where: { $0.channel == message.channel }) {
            found.append(
                CampaignRefusal(
                    .invalidCampaign,
                    field: "messages[\(index)].channel",
                    "a second message for \(message.channel): each channel carries one"
                )
            )
        }
        return found
    }

    package static func isName(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}
