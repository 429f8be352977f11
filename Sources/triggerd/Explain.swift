import ArgumentParser
import Engine
import Host
import Schema

struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say why a user did or did not get a message.",
        discussion: """
            The newest decision stands first.

            EXAMPLES
              triggerd explain u1
              triggerd explain u1 abandoned-cart
              triggerd explain u1 --json | jq .decision
            """
    )

    @OptionGroup var daemon: SocketOption
    @Argument(help: "The user.") var user: String
    @Argument(help: "Only about this campaign.") var campaign: String?
    @Flag(help: "One JSON object a line.") var json = false
    @Option(help: ArgumentHelp("At most so many decisions.", valueName: "count")) var limit = 1_000

    func validate() throws {
        if limit < 1 { throw ValidationError("--limit is at least 1") }
    }

    func run() async throws {
        try await daemon.withConnection { connection in
            var page = ""
            var shown = 0
            var isKnown = false
            repeat {
                let asked = min(1_000, limit - shown)
                let request = packed(triggerd__v1__explain_request__init) { request, arena in
                    request.pointee.user = arena.text(user)
                    request.pointee.campaign = arena.text(campaign ?? "")
                    request.pointee.limit = UInt32(asked)
                    request.pointee.page = arena.text(page)
                }
                let (decisions, next, known) = try await connection.call(
                    "Decisions",
                    "Explain",
                    request,
                    Triggerd__V1__ExplainReply.self,
                    schema_explain_reply()
                ) { reply in
                    (
                        elements(reply.pointee.n_decisions, reply.pointee.decisions).map(ReadDecision.init),
                        String(cString: reply.pointee.next_page), reply.pointee.user_known != 0
                    )
                }
                if shown == 0, !json { introduce(decisions, isAll: next.isEmpty) }
                // Near misses stand beside what a page was asked for.
                for decision in decisions.prefix(limit - shown) {
                    print(json ? decision.json.description : decision.line)
                }
                shown += decisions.count
                isKnown = known
                page = next
            } while !page.isEmpty && shown < limit
            guard shown == 0, !json else { return }
            if !isKnown {
                print("nobody called \(user) is known")
            } else {
                print(
                    campaign.map { "nothing was ever decided about \(user) and \($0): no event of theirs matched it" }
                        ?? "nothing was ever decided about \(user): no event of theirs matched a campaign"
                )
            }
        }
    }

    /// Says so where the user never triggered the campaign, before what came near.
    private func introduce(_ decisions: [ReadDecision], isAll: Bool) {
        guard let campaign, isAll, !decisions.isEmpty,
            decisions.allSatisfy({ $0.decision == Decision.Code.propertyFilterMismatch.rawValue })
        else { return }
        print("\(user) never triggered \(campaign); what came nearest:")
    }
}
