import ArgumentParser
import Engine
import Host
import Schema

struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say why a user did or did not get a message.",
        discussion: """
            The newest decision stands first. The rule that each names is explained in docs/rules.md under its number.

            EXAMPLES
              triggerd explain u1
              triggerd explain u1 abandoned-cart
              triggerd explain u1 --json | jq .decision
            """
    )

    @OptionGroup var daemon: DaemonOption
    @Argument(help: "The user.") var user: String
    @Argument(help: "Only about this campaign.") var campaign: String?
    @Flag(help: "One JSON object a line.") var json = false
    @Option(help: ArgumentHelp("At most so many decisions.", valueName: "count")) var limit = 1_000

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit is at least 1") }
    }

    func run() async throws {
        try await daemon.withConnection { connection in
            var shown = 0
            let pages = DecisionPages(user: user, campaign: campaign)
            let isKnown = try await pages.each(connection, most: limit) { decisions, page in
                if page.isFirst, !json { introduce(decisions, isAll: page.isLast) }
                for decision in decisions {
                    if json { Output.json(decision.json) } else { Output.line(decision.line) }
                }
                shown += decisions.count
            }
            guard shown == 0, !json else { return }  // Only a person is told why it is nothing.
            if !isKnown {
                Output.line("nobody called \(user) is known")
            } else {
                Output.line(
                    "nothing was ever decided about \(user)\(campaign.map { " and \($0)" } ?? ""): no event of theirs "
                        + "triggered \(campaign == nil ? "a campaign" : "it"), as what is told with `history` never does"
                )
            }
        }
    }

    /// Says so where the user never triggered the campaign, before what came near.
    private func introduce(_ decisions: [ShownDecision], isAll: Bool) {
        guard let campaign, isAll, !decisions.isEmpty,
            decisions.allSatisfy({ $0.decision == Decision.Code.propertyFilterMismatch.rawValue })
        else { return }
        Output.line("\(user) never triggered \(campaign); what came nearest:")
    }
}
