import Core
import Engine
import RPC
import Schema
import Storage

/// `triggerd.v1.Campaigns`: applying, stopping, resuming and deleting campaigns, and what there is.
struct CampaignsService {
    let campaigns: CampaignChanges
    let readFile: ReadCampaignFile
    let store: any Store
    let readers: Readers
    let previews: CampaignPreviews
    let limits: HostLimits

    var service: Service {
        Service(
            "triggerd.v1.Campaigns",
            methods: [
                "Apply": { self.apply($0, $1) }, "Get": { self.get($0, $1) }, "List": { self.list($0, $1) },
                "Stop": { self.stop($0, $1) }, "Resume": { self.resume($0, $1) },
                "Delete": { self.delete($0, $1) }, "Preview": { previews.preview($0, $1) },
            ]
        )
    }

    /// Beside the event loop, in the order in which the requests came. Whoever leaves before that needs nothing done.
    private func apply(_ call: Call, _ asked: Request) {
        let refusal = campaigns.inOrder(bytes: asked.payload.readableBytes) {
            guard call.isAwaited else { return }
            do throws(Status) {
                let (set, prunes) = try read(asked)
                guard call.isAwaited else { return }
                let applied = try applied(set, prunes)
                Arena.use { call.finish(Self.answer(call, applied, $0)) }
            } catch {
                call.fail(error)
            }
        }
        if let refusal { call.fail(refusal.status) }
    }

    private func applied(_ set: CampaignSet, _ prunes: Bool) throws(Status) -> CampaignChanges.Applied {
        do throws(Refusal) { return try campaigns.apply(set, prunes: prunes) } catch { throw error.status }
    }

    /// What the request asks for, its files read.
    private func read(_ asked: Request) throws(Status) -> (CampaignSet, prunes: Bool) {
        try asked.read(Triggerd__V1__ApplyRequest.self, schema_apply_request()) { request, _ throws(Status) in
            var reading = ApplyReading(readFile: readFile)
            for index in 0..<request.pointee.n_campaigns {
                if let message = request.pointee.campaigns[index] { reading.add(message) }
            }
            if let message = request.pointee.workspace { reading.add(workspace: message) }
            for index in 0..<request.pointee.n_files {
                if let file = request.pointee.files[index] { reading.add(file: file.pointee) }
            }
            let set = try reading.set(most: limits.campaignsPerRequest)
            let prunes = request.pointee.prune != 0
            guard !prunes || !set.campaigns.isEmpty else {
                throw Status(
                    .invalidArgument,
                    "prune: without a campaign in the request every campaign would be deleted"
                )
            }
            return (set, prunes)
        }
    }

    private static func answer(_ call: Call, _ applied: CampaignChanges.Applied, _ arena: Arena) -> Finished {
        let reply = arena.make(triggerd__v1__apply_reply__init)
        var room = ReplyRoom()
        reply.pointee.workspace = applied.workspace?.message(in: arena)
        if let workspace = reply.pointee.workspace { _ = room.take(arena.size(of: workspace)) }
        reply.pointee.n_campaigns = applied.statuses.count
        reply.pointee.campaigns = arena.array(CampaignStatus.messages(of: applied.statuses, &room, in: arena))
        reply.pointee.n_deleted = applied.deleted.count
        reply.pointee.deleted = arena.texts(applied.deleted.map(\.string))
        return arena.answer(call, reply)
    }

    private func get(_ call: Call, _ asked: Request) {
        call.withRequest(asked, Triggerd__V1__GetCampaignRequest.self, schema_get_campaign_request()) {
            request,
            _ throws(Status) in
            let id = Text(cString: request.pointee.campaign)
            let registry = campaigns.current.get()
            guard let head = registry.table.head(of: id) else { throw Refusal.unknownCampaign(id).status }
            let status = registry.status(of: head)
            readers.read(call) { arena in
                arena.answer(call, status.shownMessage(in: arena, try store.tallies()[head.number] ?? Tally()))
            }
        }
    }

    private func list(_ call: Call, _ asked: Request) {
        call.withRequest(asked, Triggerd__V1__ListCampaignsRequest.self, schema_list_campaigns_request()) {
            request,
            _ throws(Status) in
            let registry = campaigns.current.get()
            let after = try request.pointee.page.asPage() ?? 0
            let limit = request.pointee.limit == 0 ? Int.max : Int(request.pointee.limit)
            readers.read(call) { arena in
                let tallies = try store.tallies()
                var page = ReplyPage<UnsafeMutablePointer<Triggerd__V1__CampaignStatus>>(limit: limit)
                let reply = arena.make(triggerd__v1__list_campaigns_reply__init)
                var last = after
                for head in registry.table.all where head.number > after {
                    let message = registry.status(of: head)
                        .shownMessage(in: arena, tallies[head.number] ?? Tally())
                    guard page.add(message, arena.size(of: message)) else {
                        reply.pointee.next_page = arena.text(String(last))
                        break
                    }
                    last = UInt64(head.number)
                }
                reply.pointee.n_campaigns = page.rows.count
                reply.pointee.campaigns = arena.array(page.rows)
                return arena.answer(call, reply)
            }
        }
    }

    private func stop(_ call: Call, _ asked: Request) {
        call.withRequest(asked, Triggerd__V1__StopCampaignRequest.self, schema_stop_campaign_request()) { request, _ in
            let id = Text(cString: request.pointee.campaign)
            change(call) { () throws(Refusal) in try campaigns.stop(id) }
        }
    }

    private func resume(_ call: Call, _ asked: Request) {
        call.withRequest(asked, Triggerd__V1__ResumeCampaignRequest.self, schema_resume_campaign_request()) {
            request,
            _ in
            let id = Text(cString: request.pointee.campaign)
            change(call) { () throws(Refusal) in try campaigns.resume(id) }
        }
    }

    private func delete(_ call: Call, _ asked: Request) {
        call.withRequest(asked, Triggerd__V1__DeleteCampaignRequest.self, schema_delete_campaign_request()) {
            request,
            _ in
            let id = Text(cString: request.pointee.campaign)
            inOrder(call) { () throws(Refusal) in
                let waiting = try campaigns.delete(id)
                return { arena in
                    let reply = arena.make(triggerd__v1__delete_campaign_reply__init)
                    reply.pointee.waiting = waiting
                    return arena.answer(call, reply)
                }
            }
        }
    }

    private func change(_ call: Call, _ body: @escaping @Sendable () throws(Refusal) -> CampaignStatus) {
        inOrder(call) { () throws(Refusal) in
            let status = try body()
            return { $0.answer(call, status.shownMessage(in: $0)) }
        }
    }

    private func inOrder(_ call: Call, _ body: @escaping @Sendable () throws(Refusal) -> (Arena) -> Finished) {
        let refusal = campaigns.inOrder(bytes: nil) {
            guard call.isAwaited else { return }  // Who asked has left, and is told nothing.
            do throws(Refusal) {
                let answer = try body()
                Arena.use { call.finish(answer($0)) }
            } catch {
                call.fail(error.status)
            }
        }
        if let refusal { call.fail(refusal.status) }
    }
}

/// Reads a campaign file with what the loaded plug-ins declare.
package typealias ReadCampaignFile =
    @Sendable (_ name: String, _ text: String) ->
    Result<CampaignSet, CampaignProblems>

extension CampaignStatus {
    /// One frame, since what was applied is never answered as refused: of those for which there is no room only the
    /// name is there.
    fileprivate static func messages(
        of statuses: [CampaignStatus],
        _ room: inout ReplyRoom,
        in arena: Arena
    ) -> [UnsafeMutablePointer<Triggerd__V1__CampaignStatus>] {
        let brief = statuses.map { $0.message(in: arena, isBrief: true) }
        _ = room.take(brief.reduce(0) { $0 + arena.size(of: $1) })
        return zip(statuses, brief).map { status, brief in
            // About what it takes is known before it is made.
            guard status.bytes <= room.left else { return brief }
            let message = status.message(in: arena)
            return room.take(arena.size(of: message)) ? message : brief
        }
    }

    /// Only its name where it would not fit into a reply.
    fileprivate func shownMessage(
        in arena: Arena,
        _ tally: Tally? = nil
    ) -> UnsafeMutablePointer<Triggerd__V1__CampaignStatus> {
        let message = message(in: arena, tally)
        return arena.size(of: message) <= ReplyRoom.bytes ? message : self.message(in: arena, tally, isBrief: true)
    }

    private func message(
        in arena: Arena,
        _ tally: Tally? = nil,
        isBrief: Bool = false
    ) -> UnsafeMutablePointer<Triggerd__V1__CampaignStatus> {
        let message = arena.make(triggerd__v1__campaign_status__init)
        message.pointee.definition = isBrief ? campaign.nameMessage(in: arena) : campaign.message(in: arena)
        message.pointee.state =
            head.isStopped
            ? TRIGGERD__V1__CAMPAIGN_STATUS__STATE__STOPPED
            : held.isEmpty ? TRIGGERD__V1__CAMPAIGN_STATUS__STATE__LIVE : TRIGGERD__V1__CAMPAIGN_STATUS__STATE__HELD
        message.pointee.version = head.version
        message.pointee.launched_at_ms = head.launchedAt.milliseconds
        message.pointee.applied_at_ms = head.appliedAt.milliseconds
        message.pointee.changed = changed ? 1 : 0
        message.pointee.accounts = tally?.message(in: arena)
        message.pointee.cut = isBrief ? 1 : 0
        let why = held.prefix(HostLimits.problemsTold).map { "\($0)".cut(to: HostLimits.bytesOfProblem) }
        message.pointee.n_held = why.count
        message.pointee.held = arena.texts(Array(why))
        if isBrief { return message }
        message.pointee.n_warnings = warnings.count
        message.pointee.warnings = arena.array(warnings.map { $0.message(in: arena) })
        return message
    }
}

extension WorkspaceChange {
    fileprivate func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__AppliedWorkspace> {
        let message = arena.make(triggerd__v1__applied_workspace__init)
        message.pointee.changed = isChanged ? 1 : 0
        message.pointee.n_gone = gone.count
        message.pointee.gone = arena.texts(gone)
        message.pointee.n_warnings = warnings.count
        message.pointee.warnings = arena.array(warnings.map { $0.message(in: arena) })
        return message
    }
}

extension CampaignWarning {
    fileprivate func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__CampaignWarning> {
        let message = arena.make(triggerd__v1__campaign_warning__init)
        message.pointee.field = arena.text(field)
        message.pointee.text = arena.text(text)
        message.pointee.rule = arena.text(rule)
        return message
    }
}

extension Tally {
    fileprivate func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__Accounts> {
        let message = arena.make(triggerd__v1__accounts__init)
        message.pointee.matched = matched
        message.pointee.waiting = waiting
        let ended = Decision.Code.allCases.filter { self[$0] != 0 }.map { code in
            let end = arena.make(triggerd__v1__accounts__end__init)
            end.pointee.decision = arena.text(code.rawValue)
            end.pointee.count = self[code]
            return end
        }
        message.pointee.n_ended = ended.count
        message.pointee.ended = arena.array(ended)
        return message
    }
}
