import Core
import Engine
import RPC
import Schema
import Storage

/// `triggerd.v1.Decisions`: why a user did or did not get a message.
struct DecisionsService {
    let store: any Store
    let campaigns: Published<CampaignRegistry>
    let readers: Readers
    let held: HeldMessages
    let feed: DecisionFeed

    /// Of a page's bytes; near misses have the other half, in equal parts.
    private static let historyBytes = ReplyRoom.bytes / 2

    var service: Service {
        Service(
            "triggerd.v1.Decisions",
            methods: ["Explain": { self.explain($0, $1) }, "List": { self.list($0, $1) }],
            streams: ["Watch": .server { self.watch($0, $1) }]
        )
    }

    private func watch(_ stream: ServerStream, _ asked: Request) {
        stream.call.withRequest(asked, Triggerd__V1__WatchDecisionsRequest.self, schema_watch_decisions_request()) {
            request,
            _ throws(Status) in
            var filter = DecisionWatch.Filter()
            if request.pointee.user.pointee != 0 { filter.user = try request.pointee.user.asUser() }
            let campaign = Text(cString: request.pointee.campaign)
            if !campaign.isEmpty { filter.campaign = campaign }
            filter.code = try Self.code(request.pointee.decision)
            let isPlaced = request.pointee.from_case == TRIGGERD__V1__WATCH_DECISIONS_REQUEST__FROM_AFTER
            DecisionWatch(stream, self, filter, after: isPlaced ? request.pointee.after : feed.newest).begin()
        }
    }

    /// Nil: every code.
    private static func code(_ text: UnsafePointer<CChar>) throws(Status) -> Decision.Code? {
        let name = String(cString: text)
        if name.isEmpty { return nil }
        guard let code = Decision.Code(rawValue: name) else {
            throw .invalid("decision", "\"\(name.cut(to: HostLimits.quotedBytes))\" is no decision")
        }
        return code
    }

    /// Walks the user's own chain, newest first, and puts what is remembered of near misses between; what holds messages
    /// just now stands before all.
    private func explain(_ call: Call, _ asked: Request) {
        call.withRequest(asked, Triggerd__V1__ExplainRequest.self, schema_explain_request()) {
            request,
            _ throws(Status) in
            let user = try request.pointee.user.asUser()
            let campaign = Text(cString: request.pointee.campaign)
            let limit = Self.limit(request.pointee.limit)
            let page = try ExplainPage(String(cString: request.pointee.page))
            readers.read(call) { arena in
                let state = try store.user(user)
                var next = page?.next ?? state?.lastDecision ?? 0
                var found = ReplyPage<Decision>(limit: limit, bytes: Self.historyBytes)
                var looked = 0
                var oldest = Instant.never
                while next != 0, !found.isFull, looked < WireLimits.looksForPage, call.isAwaited {
                    guard let stored = try link(next, of: user, &looked), stored.decision.user == user else {
                        next = 0
                        break
                    }
                    if campaign.isEmpty || stored.decision.campaign == campaign {
                        guard found.add(stored.decision, stored.decision.replySize) else { break }
                    }
                    next = stored.previous
                    oldest = min(oldest, stored.decision.at)
                    looked += 1
                }
                let newer = page?.nearMissesBefore ?? .never
                let following = next == 0 ? nil : ExplainPage(next: next, nearMissesBefore: min(oldest, newer))
                let table = campaigns.get().table
                let near = (state?.nearMisses ?? []).flatMap { $0.decisions(user, table) }.filter { miss in
                    (campaign.isEmpty || miss.campaign == campaign) && miss.at < newer
                        && following.map { miss.at >= $0.nearMissesBefore } ?? true
                }
                let holds = page == nil ? held.decisions(of: user, state?.claims ?? [], table, campaign: campaign) : []
                let told = holds + Self.merged(found.rows, near.sorted { $0.at > $1.at })
                let reply = arena.make(triggerd__v1__explain_reply__init)
                reply.pointee.user_known = state == nil ? 0 : 1
                reply.pointee.n_decisions = told.count
                reply.pointee.decisions = arena.array(
                    told.map { decision in
                        decision.message(
                            in: arena,
                            most: Self.historyBytes / (decision.nearMiss != 0 ? near.count : 1)
                        )
                    }
                )
                if let following { reply.pointee.next_page = arena.text(following.text) }
                return arena.answer(call, reply)
            }
        }
    }

    /// A decision of the chain. Where it does not read, the user's one before it is looked for among all.
    private func link(_ sequence: UInt64, of user: UserID, _ looked: inout Int) throws -> StoredDecision? {
        do throws(StoreError) {
            return try store.decision(sequence)
        } catch {
            guard error.isDamage else { throw error }
            var before = sequence
            while looked < WireLimits.looksForPage {
                let read = try store.decisions(before: before, limit: WireLimits.decisionsRead)
                if let found = read.first(where: { $0.decision.user == user }) { return found }
                looked += read.count
                guard read.count == WireLimits.decisionsRead, let last = read.last else { return nil }  // That was all.
                before = last.decision.sequence
            }
            return nil
        }
    }

    /// Both newest first.
    private static func merged(_ decisions: [Decision], _ nearMisses: [Decision]) -> [Decision] {
        var rest = nearMisses[...]
        var merged: [Decision] = []
        for decision in decisions {
            let newer = rest.prefix { $0.at > decision.at }
            merged += newer
            merged.append(decision)
            rest = rest.dropFirst(newer.count)
        }
        return merged + rest
    }

    private func list(_ call: Call, _ asked: Request) {
        call.withRequest(asked, Triggerd__V1__ListDecisionsRequest.self, schema_list_decisions_request()) {
            request,
            _ throws(Status) in
            let campaign = Text(cString: request.pointee.campaign)
            let code = try Self.code(request.pointee.decision)
            let limit = Self.limit(request.pointee.limit)
            let page = try request.pointee.page.asPage()
            readers.read(call) { arena in
                var before = page
                var found = ReplyPage<Decision>(limit: limit)
                var looked = 0
                var hasMore = true
                reading: while hasMore, !found.isFull, looked < WireLimits.looksForPage, call.isAwaited {
                    let read = try store.decisions(before: before, limit: WireLimits.decisionsRead)
                    for stored in read {
                        let isMeant =
                            (campaign.isEmpty || stored.decision.campaign == campaign)
                            && (code == nil || stored.decision.code == code)
                        if isMeant, !found.add(stored.decision, stored.decision.replySize) { break reading }
                        before = stored.decision.sequence
                        looked += 1
                    }
                    hasMore = read.count == WireLimits.decisionsRead
                }
                let reply = arena.make(triggerd__v1__list_decisions_reply__init)
                reply.pointee.n_decisions = found.rows.count
                reply.pointee.decisions = arena.array(found.rows.map { $0.message(in: arena, most: ReplyRoom.bytes) })
                if hasMore, let before { reply.pointee.next_page = arena.text(String(before)) }
                return arena.answer(call, reply)
            }
        }
    }

    private static func limit(_ asked: UInt32) -> Int {
        asked == 0 ? WireLimits.rowsOfPage : min(Int(asked), WireLimits.mostRowsOfPage)
    }
}
