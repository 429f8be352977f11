import Engine
import Host
import Storage

/// Whether what is stored says one thing, and memory the same.
struct StateChecks {
    /// When the first timer on disk runs out that is not of a held campaign: those wait (14).
    func next(_ store: DiskStore, _ campaigns: CampaignTable) -> Instant {
        let all = store.timers(after: nil, through: .never, limit: campaigns.held.isEmpty ? 1 : .max)
        return all.first { !campaigns.isHeld($0.campaign) }?.at ?? .never
    }

    /// Everything that is due runs, in order, and nothing else.
    func isDue(_ due: [Timer], _ now: Instant, limit: Int, _ store: DiskStore, _ campaigns: CampaignTable) throws {
        let served = due.filter { !campaigns.isHeld($0.campaign) }
        let stored = store.timers(after: nil, through: now - Length(milliseconds: 1), limit: .max)
            .filter { !campaigns.isHeld($0.campaign) }.prefix(due.count < limit ? .max : served.count)
        try torture.check(served == Array(stored), "due are \(stored), and memory holds \(due)")
    }

    func check(_ server: Server) throws {
        for user in Story.everybody {
            guard let cached = server.loaded.cache.peek(user) else { continue }
            try torture.check(cached == server.store.user(user), "memory knows another \(user) than the disk")
        }
        let counts = server.store.outboxCounts()
        for line in server.lines {
            let stored = counts[line.channel] ?? 0
            try torture.check(
                line.pending == stored,
                "\(line.channel) has \(line.pending) messages, on disk are \(stored)"
            )
        }
        try checkUsers(server.store, server.clock.now())
        try checkTallies(server)
    }

    // MARK: Users

    private func checkUsers(_ store: DiskStore, _ now: Instant) throws {
        var timers = Set(store.timers(after: nil, through: .never, limit: .max))
        var messages: [OutboxPlace: OutboxMessage] = [:]
        for channel in ["email", "push", "webhook"] {
            for entry in store.outbox(channel, after: 0, limit: .max) { messages[entry.message.place] = entry.message }
        }
        for (user, state) in users(store) {
            func owes(_ at: Instant, _ wait: Wait) throws {
                let timer = Timer(at: at, send: wait.send, user: user, campaign: wait.version.number)
                guard let stored = timers.remove(timer) else {
                    throw Violation("\(user): no timer for \(wait) at \(at)")
                }
                try torture.check(
                    stored.campaign == wait.version.number && stored.isRateLimited == wait.isRateLimited,
                    "\(user): \(stored) is the timer of \(wait)"
                )
            }
            for wait in state.waits { try owes(wait.due, wait) }
            for entry in state.queue {
                if let lease = entry.lease { try owes(lease.ends, entry.wait) }
                if let lease = entry.lease, entry.expires <= lease.ends {
                    // It runs out during the lease, whose end looks at that too.
                    timers.remove(Timer(at: entry.expires, send: entry.wait.send, user: user, campaign: 0))
                } else {
                    try owes(entry.expires, entry.wait)
                }
            }
            for claim in state.claims where claim.number != 0 {
                let place = OutboxPlace(channel: claim.channel, number: claim.number)
                guard let message = messages.removeValue(forKey: place) else {
                    throw Violation("\(user): nothing will come of \(claim): its message is gone")
                }
                try torture.check(message.user == user && message.send == claim.send, "\(message) is not of \(claim)")
            }
        }
        // One that is due may find that its lease or its send ended in an earlier turn of that instant.
        let idle = timers.filter { $0.at > now }.sorted()
        try torture.check(idle.isEmpty, "timers of nothing: \(idle)")
    }

    private func users(_ store: DiskStore) -> [(UserID, UserState)] {
        Story.everybody.compactMap { name in store.user(name).map { (name, $0) } }
    }

    /// Matched is what waits and what ended.
    private func checkTallies(_ server: Server) throws {
        var waiting: [CampaignVersion: Int64] = [:]
        var places: [CampaignNumber: Int64] = [:]
        for (_, state) in users(server.store) {
            for wait in state.waits {
                let count = server.core.context.campaigns.campaign(wait.version)?.messages.count ?? 1
                waiting[wait.version, default: 0] += Int64(count)
            }
            for entry in state.queue { waiting[entry.wait.version, default: 0] += 1 }
            for claim in state.claims { waiting[claim.version, default: 0] += 1 }
            for place in state.places { places[place.campaign, default: 0] += 1 }
        }
        for (number, tally) in server.store.tallies().sorted(by: { $0.key < $1.key }) {
            let held = waiting.filter { $0.key.number == number }.reduce(0) { $0 + $1.value }
            for version in tally.versions {
                let held = waiting[CampaignVersion(number: number, version: version.version)] ?? 0
                try torture.check(
                    version.waiting == held,
                    "campaign \(number): \(version.waiting) messages wait for version \(version.version), of users \(held)"
                )
            }
            try torture.check(
                tally.waiting == held,
                "campaign \(number): \(tally.waiting) messages wait, of users \(held)"
            )
            // Of a deleted campaign users forget their places one by one.
            guard !server.core.context.campaigns.isDeleted(number) else { continue }
            let taken = places[number] ?? 0
            let isWhole = server.world.weather.deletions == 0 && server.world.rules.deleted.isEmpty
            try torture.check(
                isWhole ? tally.places == taken : tally.places >= taken,
                "campaign \(number): \(tally.places) places are taken, users have \(taken)"
            )
        }
    }

    // MARK: The whole store

    /// What the log's bytes say is what was committed.
    func checkAll(_ store: DiskStore) throws {
        for kind in Family.ofRecords {
            var (shown, told): ([Record], [Record]) = ([], [])
            try store.view.dump(kind) {
                shown.append($0)
                return true
            }
            try store.specification.dump(kind) {
                told.append($0)
                return true
            }
            try torture.check(shown.count == told.count, "\(kind): \(shown.count) records of \(told.count)")
            for (shown, told) in zip(shown, told) {
                try torture.check(shown.isSame(as: told), "the disk says \(shown), and it was told \(told)")
            }
        }
    }

    /// Long after the last fault: everything that was due has left.
    func isQuiet(_ server: Server) throws {
        let now = server.clock.now()
        for (user, state) in users(server.store) {
            for wait in state.waits where wait.due < now - .seconds(60) {
                throw Violation("\(user): \(wait) is still there at \(now)")
            }
            let old = state.claims.filter { $0.at < now - .seconds(7_200) }
            try torture.check(old.isEmpty, "\(user): nothing became of \(old)")
        }
        let left = server.lines.flatMap { server.store.outbox($0.channel, after: 0, limit: .max) }
            .filter { $0.message.claimedAt < now - .seconds(7_200) }
        try torture.check(left.isEmpty, "messages are left: \(left)")
        try torture.check(server.queue.isEmpty && server.postponed.isEmpty, "works are left")
    }
}

extension Record {
    fileprivate func isSame(as other: Record) -> Bool {
        switch (self, other) {
        case (.user(let id, let state), .user(let other, let told)): id == other && state == told
        case (.timer(let timer), .timer(let told)):
            timer == told && timer.campaign == told.campaign && timer.isRateLimited == told.isRateLimited
        case (.decision(let one), .decision(let told)): one == told
        case (.item(let id, let one), .item(let other, let told)): id == other && one == told
        case (.outbox(let one), .outbox(let told)): one == told
        case (.failed(let one), .failed(let told)): one == told
        case (.campaign(let one), .campaign(let told)): one == told
        case (.tally(let number, let one), .tally(let other, let told)): number == other && one == told
        case (.event(let one), .event(let told)): one == told
        case (.token(let token, let one), .token(let other, let told)): token == other && one == told
        default: false
        }
    }
}
