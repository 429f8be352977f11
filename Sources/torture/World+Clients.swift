import Core
import Engine
import Host
import Storage

/// Clients and operators: what they ask, and what they hear.
extension World {
    /// Sends a call; until it is answered it is sent again.
    func send(_ number: Int) {
        guard var call = calls[number], !call.isAnswered else { return }
        guard let server else { return later(in: chance.length(1_000...7_200_000), .send(call: number)) }
        call.tries += 1
        calls[number] = call
        let track = Track(
            call.items,
            tellsNearMisses: chance.happens(100),
            answerBytes: chance.one([400, 4 << 20])
        )
        server.queue.append(Server.Queued(work: .track(track), tell: .call(number)))
        if call.mayRepeat {
            later(in: chance.length(5_000...120_000), .timeout(call: number))
            // The network, or a client in a hurry, sends it twice.
            if call.tries == 1, chance.happens(weather.doubledCalls) {
                later(in: chance.length(0...1_000), .send(call: number))
            }
        }
    }

    func ask(_ request: Request) {
        guard let server else { return }  // Nobody answers, and nobody asks again.
        let work: Work
        switch request {
        case .lease(let user, let device): work = .lease(user, device: device)
        case .acknowledge(let user, let token, let action): work = .acknowledge(user, token: token, action: action)
        case .hold(let user, let token): work = .hold(user, token: token, chance.length(1_000...600_000))
        case .delete(let user): work = .delete(user)
        case .resume(let id): return change(id, stops: false)
        case .redrive:
            let letters = store.deadLetters(after: 0, limit: 10).map(\.message.number)
            guard !letters.isEmpty else { return }
            work = .redrive([chance.one(letters)])
        }
        server.queue.append(Server.Queued(work: work, tell: .nobody))
    }

    // MARK: What they hear

    func answered(_ queued: Server.Queued, _ answer: Answer, by server: Server) throws {
        switch queued.tell {
        case .mark(let channel, let number):
            if case .recorded = answer { server.line(channel)?.marked(number) }
        case .campaigns(var registry, let deleted):
            server.isChangingCampaigns = false
            guard case .changed(let instant) = answer else { return }
            registry.deleted(deleted, at: instant)
            trace.add(instant, "campaigns: \(registry.table.all.map(\.current)), deleted \(deleted)")
            server.registry = registry
            server.versionsMayLeave = true
        case .head(let id):
            server.isChangingCampaigns = false
            guard case .campaign(let head, let changed) = answer, changed else { return }
            trace.add(server.lastInstant, "\(id) is \(head.isStopped ? "stopped" : "on")")
            server.registry.put(head)
        case .nobody:
            if case .presented(let presented?) = answer { show(presented, to: queued.work) }
        case .call(let number): try answered(number, queued.work, answer, server)
        }
    }

    /// Nothing of it was recorded.
    func refused(_ queued: Server.Queued, _ answer: Answer, by server: Server) {
        switch queued.tell {
        case .campaigns, .head: server.isChangingCampaigns = false
        case .mark, .nobody, .call: break  // Clients ask again when nothing comes.
        }
    }

    private func answered(_ number: Int, _ work: Work, _ answer: Answer, _ server: Server) throws {
        guard let call = calls[number] else { return }
        if chance.happens(weather.lostReplies) {
            return trace.add(server.lastInstant, "the answer to call \(number) is lost")
        }
        switch answer {
        case .tracked(let answers):
            try check(answers.count == call.items.count, "\(answers.count) answers for \(call.items.count) items")
            var isWhole = true
            for (item, answer) in zip(call.items, answers) {
                if case .refused(.unavailable) = answer.result { isWhole = false }
                try hear(answer, of: item, call)
            }
            calls[number]?.isAnswered = isWhole || !call.mayRepeat
        case .refused(let refusal):
            if case .idUsedOtherwise = refusal, case .conflict? = call.expected {
                calls[number]?.isAnswered = true
                return
            }
            throw Violation("call \(number) was refused: \(refusal)")
        default: throw Violation("call \(number) was answered with \(answer)")
        }
        trace.add(server.lastInstant, "call \(number) is answered")
    }

    private func hear(_ answer: ItemAnswer, of item: Item, _ call: Call) throws {
        switch answer.result {
        case .accepted:
            if let expected = call.expected { throw Violation("\(item) came before, and was taken (\(expected))") }
            guard case .told(let decisions, let dropped) = answer.decisions else { return }
            _ = dropped
            ledger.answered(item, decisions)
            if let presented = answer.presented { show(presented, to: .lease(item.user, device: "")) }
        case .duplicate: ledger.answered(item, nil)
        case .refused(.unavailable): break
        case .refused(let refusal):
            if case .conflict? = call.expected { return }
            throw Violation("\(item) was refused: \(refusal)")
        }
    }

    /// A client has a message: it shows it in time, late, or not at all.
    private func show(_ presented: Presented, to work: Work) {
        guard case .lease(let user, _) = work else { return }
        let delay = chance.length(0...40_000)
        switch chance.number(10) {
        case 0: break
        case 1: later(in: delay, .ask(.hold(user, token: presented.token)))
        case 2:
            later(in: delay, .ask(.acknowledge(user, token: presented.token, action: "in_app_clicked")))
        default: later(in: delay, .ask(.acknowledge(user, token: presented.token, action: nil)))
        }
    }

    // MARK: Operators

    func context(of registry: CampaignRegistry) -> Context {
        let context = registry.makeContext(identity: store.identity, acceptsAtOnce: weather.acceptsAtOnce)
            .with(bounds)
        return canary?.spoiled(context) ?? context
    }

    /// Applies campaigns, as `CampaignChanges` does: read and compiled beside the engine, taken over by a step.
    @discardableResult
    func apply(_ campaigns: [Campaign], _ workspace: Workspace?) -> Bool {
        guard let server, !server.isChangingCampaigns else { return false }
        var request = ApplyRequest(CampaignSet(campaigns: campaigns, workspace: workspace))
        var registry = server.registry
        guard let statuses = try? registry.apply(&request, at: server.clock.now()) else { return false }
        guard registry.revision != server.registry.revision else { return false }
        let change = CampaignChange(
            context: context(of: registry),
            records: registry.records(of: statuses),
            workspace: registry.workspace == server.registry.workspace ? nil : registry.workspace.packed()
        )
        server.isChangingCampaigns = true
        server.queue.append(Server.Queued(work: .change(change), tell: .campaigns(registry, deleted: [])))
        return true
    }

    func delete(_ id: CampaignID) {
        guard let server, !server.isChangingCampaigns else { return }
        var registry = server.registry
        guard let deleted = try? registry.delete([id]) else { return }  // It is gone, or others name it.
        var change = CampaignChange(context: context(of: registry), records: [])
        change.deleted = deleted
        server.isChangingCampaigns = true
        let tell = Server.Tell.campaigns(registry, deleted: deleted.keys.sorted())
        server.queue.append(Server.Queued(work: .change(change), tell: tell))
    }

    /// Versions and deleted campaigns go, for which nothing waits any more.
    func leave(_ server: Server) {
        server.versionsMayLeave = false
        var registry = server.registry
        let now = server.clock.now()
        guard var change = registry.leave(store.tallies(), at: now, identity: store.identity) else { return }
        change.context = context(of: registry)
        server.isChangingCampaigns = true
        server.queue.append(Server.Queued(work: .change(change), tell: .campaigns(registry, deleted: [])))
    }

    func change(_ id: CampaignID, stops: Bool) {
        guard let server, !server.isChangingCampaigns,
            let campaign = server.registry.table.head(of: id).flatMap({ server.registry.table.campaign($0.current) })
        else { return }
        server.isChangingCampaigns = true
        let definition = campaign.packed()
        let work: Work = stops ? .stop(id, definition: definition) : .resume(id, definition: definition)
        server.queue.append(Server.Queued(work: work, tell: .head(id)))
    }
}

extension Context {
    fileprivate func with(_ limits: Limits) -> Context {
        Context(
            campaigns: campaigns,
            channels: channels,
            workspace: workspace,
            limits: limits,
            identity: identity,
            acceptsAtOnce: acceptsAtOnce,
            zone: zone,
            match: match,
            render: render
        )
    }
}
