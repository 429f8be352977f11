import Host
import Schema

/// A user's decisions, newest first, page by page.
struct DecisionPages {
    let user: String
    /// Nil: about every campaign.
    let campaign: String?

    struct Page {
        let isFirst: Bool
        let isLast: Bool
    }

    /// Whether the user is known.
    @discardableResult
    func each(
        _ connection: DaemonConnection,
        most: Int,
        _ body: ([ShownDecision], Page) -> Void
    ) async throws -> Bool {
        var page = ""
        var read = 0
        var isKnown = false
        repeat {
            let request = packed(triggerd__v1__explain_request__init) { request, arena in
                request.pointee.user = arena.text(user)
                request.pointee.campaign = arena.text(campaign ?? "")
                request.pointee.limit = UInt32(min(CommandLimits.decisionsOfPage, most - read))
                request.pointee.page = arena.text(page)
            }
            let isFirst = page.isEmpty
            let decisions: [ShownDecision]
            (decisions, page, isKnown) = try await connection.call(
                "Decisions",
                "Explain",
                request,
                Triggerd__V1__ExplainReply.self,
                schema_explain_reply()
            ) { reply in
                (
                    elements(reply.pointee.n_decisions, reply.pointee.decisions).map(ShownDecision.init),
                    String(cString: reply.pointee.next_page), reply.pointee.user_known != 0
                )
            }
            // Near misses stand beside what a page was asked for.
            body(Array(decisions.prefix(most - read)), Page(isFirst: isFirst, isLast: page.isEmpty))
            read += decisions.count
        } while !page.isEmpty && read < most
        return isKnown
    }
}
