import Core
import Engine
import RPC
import Schema
import Storage

/// `Campaigns/Preview`: what would leave now, and one message really sent as a test. It renders on the readers'
/// threads, and records nothing.
struct CampaignPreviews: Sendable {
    let campaigns: Published<CampaignRegistry>
    let readFile: ReadCampaignFile
    let store: any Store
    let readers: Readers
    let plugins: PluginRegistry
    let tests: TestSends
    let clock: Clock

    func preview(_ call: Call, _ asked: Request) {
        call.withRequest(asked, Triggerd__V1__PreviewRequest.self, schema_preview_request()) {
            request,
            _ throws(Status) in
            let wanted = try PreviewRequest(request.pointee)
            readers.answer(call, bytes: asked.payload.readableBytes) {
                do throws(Status) {
                    try answer(wanted, call)
                } catch {
                    call.fail(error)
                }
            }
        }
    }

    private func answer(_ asked: PreviewRequest, _ call: Call) throws(Status) {
        let preview = try preview(asked)
        guard let address = asked.sendTo else {
            reply(call, preview, test: nil)
            return
        }
        let message = try preview.message(toSend: asked.channel, rules: plugins.channelRules)
        let place = try TestSends.Place(address, of: message.channel, plugins)
        guard case .fields(let fields, _) = message.rendered else {
            reply(call, preview, test: nil)
            return
        }
        let test = OutboxMessage(
            number: 0,
            key: TestSends.key(at: preview.at),
            user: asked.user,
            version: preview.version,
            campaign: preview.campaign.id,
            send: 0,
            channel: message.channel,
            addresses: place.addresses,
            fields: place.redirected(fields),
            claimedAt: preview.at
        )
        try tests.send(test, to: address) { reply(call, preview, test: $0) }
    }

    private func reply(_ call: Call, _ preview: CampaignPreview, test: TestSends.Outcome?) {
        Arena.use { arena in
            let message = preview.message(in: arena)
            message.pointee.test = test?.message(in: arena)
            call.finish(arena.answer(call, message))
        }
    }

    private func preview(_ asked: PreviewRequest) throws(Status) -> CampaignPreview {
        var table = campaigns.get().table
        let now = clock.now()
        let drafts = try drafts(asked)
        let campaign: Campaign
        let head: CampaignHead
        if let drafts {
            // In this copy alone: the draft beside the campaigns that are live.
            campaign = drafts.campaigns[0]
            let number = table.head(of: campaign.id)?.number ?? table.nextNumber
            head = CampaignHead(id: campaign.id, number: number, launchedAt: now, appliedAt: now)
            table.put(head, campaign)
        } else {
            (head, campaign) = try applied(asked, in: table)
        }
        let templates: CampaignTemplates
        do throws(CampaignProblems) {
            templates = try CampaignTemplates(campaign, plugins: plugins)
        } catch {
            throw Refusal.invalidCampaigns(error.all.map { $0.placed(in: drafts ?? CampaignSet()) }).status
        }
        let state: UserState?
        let workspace: Workspace
        do {
            state = try store.user(asked.user)
            let kept = try store.workspace().map { try Workspace(packed: $0) }
            workspace = drafts?.workspace ?? kept ?? Workspace()
        } catch {
            throw Status(.unavailable, "the store cannot be read: \(error)")
        }
        let workspaceZone = Zones.zone(workspace.timeZone) ?? .utc
        var messages: [MessagePreview] = []
        _ = Turn.take(
            user: asked.user,
            state: state ?? UserState(),
            context: Context(
                campaigns: table,
                channels: plugins.channelRules,
                workspace: workspace,
                identity: "preview",
                zone: Zones.zone,
                render: { templates.render($0, workspaceZone: workspaceZone) }
            ),
            now: now,
            nextSequence: 1,
            tallies: [:],
            { messages = $0.previews(of: head.current, properties: asked.properties) }
        )
        if let channel = asked.channel {
            messages.removeAll { $0.channel != channel }
            if messages.isEmpty {
                let known = campaign.messages.map(\.channel).joined(separator: ", ")
                throw .invalid("channel", "\(campaign.id) sends nothing by \"\(channel)\"; it sends by \(known)")
            }
        }
        return CampaignPreview(
            campaign: campaign,
            version: head.current,
            isUserKnown: state != nil,
            messages: messages,
            at: now
        )
    }

    private func applied(
        _ asked: PreviewRequest,
        in table: CampaignTable
    ) throws(Status) -> (CampaignHead, Campaign) {
        guard let id = asked.campaign else { throw .invalid("campaign", "is empty, and there is no file") }
        guard let head = table.head(of: id), let campaign = table.campaign(head.current) else {
            throw Refusal.unknownCampaign(id).status
        }
        return (head, campaign)
    }

    /// The one campaign of the request's file, with its place; nil where the request has no file.
    private func drafts(_ asked: PreviewRequest) throws(Status) -> CampaignSet? {
        guard let file = asked.file else { return nil }
        var set: CampaignSet
        switch readFile(file.name, file.text) {
        case .success(let read): set = read
        case .failure(let problems): throw Refusal.invalidCampaigns(problems.all).status
        }
        let ids = set.campaigns.map(\.id)
        if let id = asked.campaign { set.campaigns.removeAll { $0.id != id } }
        guard set.campaigns.count == 1 else {
            let known = ids.isEmpty ? "it has none" : "it has \(ids.map(\.string).joined(separator: ", "))"
            throw .invalid("campaign", "name one campaign of \(file.name); \(known)")
        }
        let campaign = set.campaigns[0]
        let problems = campaign.messages.enumerated().flatMap { index, message in
            plugins.problems(of: message, at: "messages[\(index)]", in: campaign.id)
        }
        guard problems.isEmpty else {
            throw Refusal.invalidCampaigns(problems.map { $0.placed(in: set) }).status
        }
        return set
    }
}
