import CampaignFiles
import Core
import Engine

/// A second statement of the rules, written from delivery.md and not from the engine: slow and obvious. It keeps a
/// list of everything that ever happened and answers every question by looking through it.
package final class Model {
    struct Send {
        var id: Int
        var campaign: Int
        var user: Text
        var trigger: Instant
        /// 14: of the first send of the chain that triggers pushed back to this one.
        var chainBegan: Instant
        var firstDue: Instant
        var properties: Object
        var depth: Int
        var chain: Int
        /// Nil: it does not wait any more.
        var due: Instant?
        var isInLine = false
    }

    struct Entry {
        var send: Send
        var order: Int
        var available: Instant
        var expires: Instant
        var isOver = false
    }

    /// A message that was delivered, or an enrolment in a control group (no channel).
    struct Delivery {
        var send: Int
        var campaign: Int
        var user: Text
        var channel: String?
        var at: Instant
        var credited: Set<Int> = []
    }

    package struct Happening {
        var type: String
        var subject: Text
        var user: Text
        var time: Instant
        var properties: Object
        var depth = 0
        var chain: Int
        var old: Value?
        var new: Value?

        package init(
            type: String,
            subject: Text,
            user: Text,
            time: Instant,
            properties: Object,
            depth: Int = 0,
            chain: Int
        ) {
            (self.type, self.subject, self.user) = (type, subject, user)
            (self.time, self.properties) = (time, properties)
            (self.depth, self.chain) = (depth, chain)
        }
    }

    let campaigns: [Campaign]
    let workspace: Workspace
    var profiles: [Text: Object] = [:]
    var stopped: Set<Int> = []
    var sends: [Send] = []
    var entries: [Entry] = []
    var deliveries: [Delivery] = []
    var happened: [Happening] = []
    var excepted: [(campaign: Int, exception: Int, user: Text, time: Instant, properties: Object)] = []
    var starts: [(campaign: Int, user: Text, chain: Int)] = []
    var dispatched: [(campaign: Int, user: Text, at: Instant, usedSlot: Bool)] = []
    var sessions: [Text: Instant] = [:]
    var shown: [Text: Instant] = [:]
    var ids: Set<[Text]> = []
    package var now = Instant(milliseconds: 0)
    var raised: [Happening] = []
    /// When the chains began whose sends what happens now pushed back, by campaign.
    var pushedBack: [Int: Instant] = [:]
    package private(set) var decided: [Scenario.Expected] = []
    var launch: Instant

    package init(_ scenario: Scenario, launch: Instant) {
        campaigns = scenario.campaigns
        workspace = scenario.workspace
        self.launch = launch
        for (user, profile, _) in scenario.users { profiles[user] = profile }
    }

    func decide(
        _ code: Decision.Code,
        _ campaign: Int?,
        _ user: Text,
        _ channel: String? = nil,
        at: Instant? = nil,
        conversion: Int? = nil
    ) {
        decided.append(
            Scenario.Expected(
                at: at ?? now,
                user: user,
                campaign: campaign.map { campaigns[$0].id },
                channel: channel,
                decision: code.rawValue,
                conversion: conversion
            )
        )
    }

    // MARK: Time

    /// What is due strictly before an instant, or up to it, in the order of 10.7.
    package func run(before end: Instant, andAt: Bool = false) {
        while true {
            var next: (at: Instant, send: Int, isEntry: Bool, index: Int)?
            func offer(_ at: Instant, _ send: Int, _ isEntry: Bool, _ index: Int) {
                guard at < end || andAt && at == end else { return }
                if let found = next, (found.at, found.send) <= (at, send) { return }
                next = (at, send, isEntry, index)
            }
            for (index, send) in sends.enumerated() { if let due = send.due { offer(due, send.id, false, index) } }
            for (index, entry) in entries.enumerated() where !entry.isOver && entry.expires != .never {
                offer(entry.expires, entry.send.id, true, index)
            }
            guard let next else { return }
            now = max(now, next.at)
            if next.isEntry {
                let entry = entries[next.index]
                decide(.inAppExpired, entry.send.campaign, entry.send.user, "in_app", at: entry.expires)
                entries[next.index].isOver = true
            } else {
                let send = sends[next.index]
                sends[next.index].due = nil
                if send.isInLine { turnCame(send) } else { judge(send) }
                lateDisplay(send.user)
            }
            handleRaised()
        }
    }

    package func receive(_ fields: Object, id: Text?, user: Text, time: Instant, set: Object, _ what: Happening?) {
        if profiles[user] == nil { profiles[user] = Object() }
        if let id, !ids.insert([user, id]).inserted {
            decide(.duplicateEvent, nil, user)
            return
        }
        let old = profiles[user] ?? Object()
        register(set, of: user)
        for member in set.members {
            guard let new = profiles[user]?[member.name], old[member.name].map({ !$0.equals(new) }) ?? true else {
                continue
            }
            if case .array = new { continue }
            if member.name == "email" {
                handle(
                    Happening(
                        type: "email_added",
                        subject: "",
                        user: user,
                        time: time,
                        properties: Object(),
                        chain: newChain()
                    )
                )
                handleRaised()
            }
            var change = Happening(
                type: "attribute_changed",
                subject: member.name,
                user: user,
                time: time,
                properties: Object(),
                chain: newChain()
            )
            (change.old, change.new) = (old[member.name], new)
            handle(change)
            handleRaised()
        }
        if let what {
            handle(what)
            handleRaised()
        }
    }

    /// 14: counted and kept, and nothing else.
    package func remember(_ fields: Object, of user: Text, id: Text?, _ what: Happening?) {
        if profiles[user] == nil { profiles[user] = Object() }
        if let id, !ids.insert([user, id]).inserted {
            decide(.duplicateEvent, nil, user)
            return
        }
        register(older(fields, than: user), of: user)
        if let what { happened.append(what) }
    }

    /// 14: of what history sets, what the profile does not say otherwise by now; tokens of others stay theirs.
    private func older(_ fields: Object, than user: Text) -> Object {
        let profile = profiles[user] ?? Object()
        var set = Object()
        for member in fields.members where profile[member.name] == nil { set[member.name] = member.value }
        if case .array(let tokens)? = set["push_tokens"] {
            let own = tokens.filter { token in
                !profiles.contains { $0 != user && ($1["push_tokens"]?.texts ?? []).contains { $0 == token.text } }
            }
            set["push_tokens"] = own.isEmpty && !tokens.isEmpty ? nil : .array(own)
        }
        if set["email"] != nil {
            set["email_status"] = fields["email_status"]
        } else if let email = fields["email"], email != profile["email"] {
            set["email_status"] = nil
        }
        return set
    }

    /// What a request sets on a profile, before anything is made of it.
    private func register(_ set: Object, of user: Text) {
        let old = profiles[user] ?? Object()
        for member in set.members { profiles[user]?[member.name] = member.value }
        if profiles[user]?["email"] != old["email"], set["email_status"] == nil {
            profiles[user]?["email_status"] = nil
        }
        // 10.6: a token that a profile registers leaves the others.
        for token in profiles[user]?["push_tokens"]?.texts ?? [] {
            guard old["push_tokens"]?.texts.contains(token) != true else { continue }
            for (other, profile) in profiles where other != user {
                guard case .array(let tokens)? = profile["push_tokens"] else { continue }
                profiles[other]?["push_tokens"] = .array(tokens.filter { $0.text != token })
            }
        }
    }

    var chains = 0
    package func newChain() -> Int {
        chains += 1
        return chains
    }

    package func stop(_ id: Text) {
        guard let index = campaigns.firstIndex(where: { $0.id == id }), stopped.insert(index).inserted else { return }
        for place in sends.indices where sends[place].campaign == index && sends[place].due != nil {
            sends[place].due = nil
            decide(.campaignStopped, index, sends[place].user)
        }
        for place in entries.indices where entries[place].send.campaign == index && !entries[place].isOver {
            entries[place].isOver = true
            decide(.campaignStopped, index, entries[place].send.user, ending(index))
        }
    }

    package func resume(_ id: Text) {
        if let index = campaigns.firstIndex(where: { $0.id == id }) { stopped.remove(index) }
    }

    package func finish(until: Instant?) {
        run(before: until ?? .never, andAt: until != nil)
        guard let until else { return }
        now = max(now, until)
        for entry in entries where !entry.isOver { decide(.noSession, entry.send.campaign, entry.send.user, "in_app") }
    }

    // MARK: Matching

    func isMet(_ occurrence: Occurrence, _ happening: Happening, filtered: Bool = true) -> Bool {
        guard occurrence.type == happening.type else { return false }
        let own = occurrence.configuration
        switch occurrence.type {
        case "custom_event": guard own["event"]?.text == happening.subject else { return false }
        case "purchase":
            let products = own["product_id"]?.texts ?? []
            guard products.isEmpty || products.contains(happening.subject) else { return false }
        case "attribute_changed":
            guard own["attribute"]?.text == happening.subject else { return false }
            if let to = own["to"], happening.new.map({ !$0.equals(to) }) ?? true { return false }
        case "conversion", "exception": guard own["campaign"]?.text == happening.subject else { return false }
        case "campaign_interaction":
            guard own["action"] == happening.properties["action"] else { return false }
            if let campaign = own["campaign"]?.text, campaign != happening.subject { return false }
        default: break
        }
        guard filtered, let filter = occurrence.where else { return true }
        return Self.holds(filter, happening.properties, now)
    }

    /// 13, 1.2
    func isOfStopped(_ happening: Happening) -> Bool {
        happening.type == "campaign_interaction"
            && stopped.contains { campaigns[$0].id == happening.subject }
    }

    // MARK: Events (10.7)

    func handle(_ happening: Happening) {
        pushedBack = [:]
        except(happening)
        convert(happening)
        for (index, campaign) in campaigns.enumerated()
        where isMet(campaign.trigger, happening, filtered: false) && !isOfStopped(happening) {
            trigger(index, happening)
        }
        happened.append(happening)
        if happening.type == "session_start" {
            sessions[happening.user] = max(happening.time, sessions[happening.user] ?? happening.time)
            display(happening.user, entries.indices.filter { entries[$0].available <= happening.time })
        } else {
            lateDisplay(happening.user)
        }
    }

    func handleRaised() {
        while !raised.isEmpty { handle(raised.removeFirst()) }
    }

    func raise(
        _ type: String,
        _ campaign: Int,
        _ user: Text,
        action: String? = nil,
        time: Instant,
        depth: Int,
        chain: Int
    ) {
        raised.append(
            Happening(
                type: type,
                subject: campaigns[campaign].id,
                user: user,
                time: time,
                properties: action.map { ["action": .string($0)] } ?? Object(),
                depth: depth + 1,
                chain: chain
            )
        )
    }

    func ending(_ campaign: Int) -> String? { campaigns[campaign].messages.count > 1 ? "in_app" : nil }

    /// 4.14: something that `same` reaches in the one is what it reaches in the other; 5 and "5" tie (14).
    static func isSame(_ exception: Occurrence, _ left: Object, _ right: Object) -> Bool {
        guard let path = exception.same else { return true }
        for one in path.values(in: left) {
            for other in path.values(in: right) {
                if one.equals(other) { return true }
                if case .integer(let number) = one, other.string == "\(number)" { return true }
                if case .integer(let number) = other, one.string == "\(number)" { return true }
            }
        }
        return false
    }

    func except(_ happening: Happening) {
        for (index, campaign) in campaigns.enumerated() {
            var hasRaised = false
            for (place, exception) in campaign.exceptions.enumerated() where isMet(exception, happening) {
                if let path = exception.same, path.values(in: happening.properties).isEmpty { continue }
                excepted.append((index, place, happening.user, happening.time, happening.properties))
                func counts(_ send: Send) -> Bool {
                    guard send.campaign == index, send.user == happening.user, send.trigger <= happening.time else {
                        return false
                    }
                    return Self.isSame(exception, happening.properties, send.properties)
                }
                let again = isMet(campaign.trigger, happening) && !stopped.contains(index) && !isOfStopped(happening)
                let code: Decision.Code = again ? .rescheduledByTrigger : .cancelledByException
                var count = 0
                func pushBack(_ send: Send) {
                    if again { pushedBack[index] = min(send.chainBegan, pushedBack[index] ?? .never) }
                }
                for place in sends.indices where sends[place].due != nil && counts(sends[place]) {
                    sends[place].due = nil
                    pushBack(sends[place])
                    decide(code, index, happening.user)
                    count += 1
                }
                for place in entries.indices where !entries[place].isOver && counts(entries[place].send) {
                    entries[place].isOver = true
                    pushBack(entries[place].send)
                    decide(code, index, happening.user, ending(index))
                    count += 1
                }
                if count > 0, !again, !hasRaised {
                    hasRaised = true
                    raise(
                        "exception",
                        index,
                        happening.user,
                        time: happening.time,
                        depth: happening.depth,
                        chain: happening.chain
                    )
                }
            }
        }
    }

    func convert(_ happening: Happening) {
        for (index, campaign) in campaigns.enumerated() {
            var hasRaised = false
            for (place, conversion) in campaign.conversions.enumerated() where isMet(conversion.occurrence, happening) {
                for window in deliveries.indices {
                    let delivery = deliveries[window]
                    guard delivery.campaign == index, delivery.user == happening.user,
                        !delivery.credited.contains(place),
                        happening.time >= delivery.at, happening.time - delivery.at < conversion.within
                    else { continue }
                    deliveries[window].credited.insert(place)
                    decide(.converted, index, happening.user, delivery.channel, conversion: place + 1)
                    if place == 0, !hasRaised {
                        hasRaised = true
                        raise(
                            "conversion",
                            index,
                            happening.user,
                            time: happening.time,
                            depth: happening.depth,
                            chain: happening.chain
                        )
                    }
                }
            }
        }
    }

    func trigger(_ index: Int, _ happening: Happening) {
        let campaign = campaigns[index]
        let user = happening.user
        guard isMet(campaign.trigger, happening) else { return decide(.propertyFilterMismatch, index, user) }
        let started = starts.filter { $0.campaign == index && $0.user == user && $0.chain == happening.chain }.count
        guard happening.depth < 16, started < 16 else { return decide(.chainTooDeep, index, user) }
        guard !stopped.contains(index) else { return decide(.campaignNotLive, index, user) }
        guard happening.time >= campaign.launchedAt ?? launch else { return decide(.eventBeforeLaunch, index, user) }
        if let code = outsideDuration(campaign, user, happening.time) { return decide(code, index, user) }
        if let age = campaign.maxEventAge, now - happening.time > age { return decide(.eventTooOld, index, user) }
        guard isInAudience(campaign, user) else { return decide(.notInSegmentAtTrigger, index, user) }
        if case .users(let held)? = workspace.controlGroup, held.contains(user) {
            return decide(.globalControl, index, user)
        }
        if let window = campaign.window, window.anchor == .triggerAndDelivery,
            !isOpen(window.hours, happening.time, window.zone, user)
        {
            return decide(.outsideWindowAtTrigger, index, user)
        }
        if let code = ineligible(index, user, happening.time, send: nil) { return decide(code, index, user) }
        guard var due = due(campaign.delay, happening) else { return decide(.delayInvalid, index, user) }
        let chainBegan = min(pushedBack[index] ?? happening.time, happening.time)
        if let most = campaign.debouncesAtMost, due - chainBegan > most { due = chainBegan + most }
        let weekAgo = now.milliseconds - 7 * 86_400_000
        let isExcepted = excepted.contains { seen in
            guard seen.campaign == index, seen.user == user, seen.time > happening.time,
                seen.time.milliseconds >= weekAgo
            else { return false }
            return Self.isSame(campaign.exceptions[seen.exception], seen.properties, happening.properties)
        }
        if isExcepted { return decide(.cancelledByException, index, user) }
        starts.append((index, user, happening.chain))
        var send = Send(
            id: sends.count,
            campaign: index,
            user: user,
            trigger: happening.time,
            chainBegan: chainBegan,
            firstDue: max(due, now),
            properties: happening.properties,
            depth: happening.depth,
            chain: happening.chain,
            due: due
        )
        if due <= now { send.due = nil }
        sends.append(send)
        if due <= now { judge(send) }
    }

    // MARK: Clocks

    /// Zones without summer time, so that a wall clock is an addition.
    static let offsets: [String: Int64] = ["UTC": 0, "Asia/Kolkata": 19_800_000, "America/Bogota": -18_000_000]

    func offset(_ choice: ZoneChoice?, _ user: Text) -> Int64 {
        let company = Self.offsets[workspace.timeZone] ?? 0
        guard choice == .user else { return choice == nil ? 0 : company }
        return profiles[user]?["time_zone"]?.string.flatMap { Self.offsets[$0] } ?? company
    }

    func wall(_ instant: Instant, _ choice: ZoneChoice?, _ user: Text) -> Int64 {
        instant.milliseconds + offset(choice, user)
    }

    static func day(_ wall: Int64) -> Int64 { Int64((Double(wall) / 86_400_000).rounded(.down)) }

    func isOpen(_ hours: ClockRange, _ instant: Instant, _ choice: ZoneChoice, _ user: Text) -> Bool {
        let time = wall(instant, choice, user) - Self.day(wall(instant, choice, user)) * 86_400_000
        let (from, to) = (hours.from.milliseconds, hours.to.milliseconds)
        return from < to ? time >= from && time < to : time >= from || time < to
    }

    /// Second by second would be the most obvious; minute by minute does, since the clocks of the tests are on minutes.
    func next(_ instant: Instant, _ holds: (Instant) -> Bool) -> Instant {
        var at = instant
        while !holds(at) { at = Instant(milliseconds: (at.milliseconds / 60_000 + 1) * 60_000) }
        return at
    }

    func due(_ delay: Delay, _ happening: Happening) -> Instant? {
        let user = happening.user
        func at(_ day: Int64, _ time: ClockTime, _ choice: ZoneChoice) -> Instant {
            Instant(milliseconds: day * 86_400_000 + time.milliseconds - offset(choice, user))
        }
        switch delay {
        case .length(let length): return happening.time + length
        case .days(let days, at: .clock(let time), let choice):
            let today = Self.day(wall(happening.time, choice, user))
            let due = at(today + days, time, choice)
            return days == 0 && due <= happening.time ? at(today + 1, time, choice) : due
        case .next(let weekday, at: .clock(let time), let choice):
            var day = Self.day(wall(happening.time, choice, user)) + 1
            while Weekday(day: day) != weekday { day += 1 }
            return at(day, time, choice)
        case .until(let path, let shift):
            guard let text = path.values(in: happening.properties).first?.string, let date = WallTime(iso8601: text)
            else { return nil }
            let instant = Instant(
                milliseconds: date.milliseconds - (date.offset.map { $0 * 1_000 } ?? offset(.user, user))
                    + shift.milliseconds
            )
            guard instant >= happening.time, instant - happening.time <= .days(731) else { return nil }
            return instant
        default: return nil
        }
    }

    func ends(_ campaign: Campaign, _ user: Text) -> Instant? {
        guard let duration = campaign.duration, let end = duration.end else { return nil }
        return Instant(milliseconds: end.milliseconds - (end.offset.map { $0 * 1_000 } ?? offset(duration.zone, user)))
    }

    func outsideDuration(_ campaign: Campaign, _ user: Text, _ instant: Instant) -> Decision.Code? {
        if let duration = campaign.duration, let start = duration.start {
            let begins = start.milliseconds - (start.offset.map { $0 * 1_000 } ?? offset(duration.zone, user))
            if instant.milliseconds < begins { return .beforeStart }
        }
        if let end = ends(campaign, user), instant >= end { return .afterEnd }
        return nil
    }

    // MARK: Who

    struct Known: Facts {
        let model: Model
        let user: Text

        func values(of subject: Filter.Subject, now: Instant) -> [Value] {
            switch subject {
            case .attribute(let path): return path.values(in: model.profiles[user] ?? Object())
            case .eventCount(let name, let recent):
                let found = model.happened.filter { happening in
                    guard happening.user == user else { return false }
                    let counted = happening.type == "custom_event" ? happening.subject : Text(happening.type)
                    guard counted == name, ["custom_event", "purchase", "session_start"].contains(happening.type) else {
                        return false
                    }
                    guard let recent else { return true }
                    var oldest = now.milliseconds - recent.length.milliseconds
                    if recent.countsUTCDays { oldest = Model.day(oldest) * 86_400_000 }
                    return happening.time.milliseconds >= oldest
                }
                return [.integer(Int64(found.count))]
            case .received(let campaign):
                return [
                    .boolean(
                        model.deliveries.contains { $0.user == user && model.campaigns[$0.campaign].id == campaign }
                    )
                ]
            default: return []
            }
        }
    }

    func isInAudience(_ campaign: Campaign, _ user: Text) -> Bool {
        campaign.audience?.holds(Known(model: self, user: user), now: now) ?? true
    }

    /// 6: counted from receipts; only the first delivery of a send sets one (9.12).
    func ineligible(_ index: Int, _ user: Text, _ instant: Instant, send: Int?) -> Decision.Code? {
        var receipts: [Int: Instant] = [:]
        for delivery in deliveries where delivery.campaign == index && delivery.user == user {
            if receipts[delivery.send] == nil { receipts[delivery.send] = delivery.at }
        }
        guard let last = receipts.max(by: { ($0.value, $0.key) < ($1.value, $1.key) }), last.key != send else {
            return nil
        }
        switch campaigns[index].reEligibility {
        case .once: return .alreadyReceived
        case .after(.zero): return nil
        case .after(let wait): return instant - last.value < wait ? .reEligibilityPending : nil
        }
    }

    // MARK: Sends

    func hold(_ send: Send, until: Instant, inLine: Bool = false) {
        sends[send.id].due = until
        sends[send.id].isInLine = inLine
    }

    /// 5.1.4
    func holdForClock(_ send: Send, until: Instant, _ found: [(Decision.Code, String?)]) {
        let campaign = campaigns[send.campaign]
        if let end = ends(campaign, send.user), until >= end {
            for (code, channel) in found { decide(code, send.campaign, send.user, channel) }
            return decide(.afterEnd, send.campaign, send.user)
        }
        if until - send.firstDue > .days(7) {
            for (code, channel) in found { decide(code, send.campaign, send.user, channel) }
            return decide(.outsideWindowAtSend, send.campaign, send.user)
        }
        hold(send, until: until)
    }

    func slotsUsed(_ index: Int) -> Int {
        dispatched.filter {
            $0.campaign == index && $0.usedSlot && $0.at.milliseconds / 60_000 == now.milliseconds / 60_000
        }.count
    }

    func nextMinute(_ send: Send) -> Instant {
        min(Instant(milliseconds: (now.milliseconds / 60_000 + 1) * 60_000), send.firstDue + .days(3))
    }

    func turnCame(_ send: Send) {
        let gaveUp = send.firstDue + .days(3)
        if now >= gaveUp { return decide(.rateLimitExpired, send.campaign, send.user, at: gaveUp) }
        guard slotsUsed(send.campaign) < Int(campaigns[send.campaign].rateLimit ?? 0) else {
            return hold(send, until: nextMinute(send), inLine: true)
        }
        sends[send.id].isInLine = false
        judge(send)
    }

    func judge(_ send: Send) {
        let (index, user) = (send.campaign, send.user)
        let campaign = campaigns[index]
        if let code = outsideDuration(campaign, user, now) { return decide(code, index, user) }
        if let window = campaign.window, !isOpen(window.hours, now, window.zone, user) {
            guard window.isNextAvailable else { return decide(.outsideWindowAtSend, index, user) }
            return holdForClock(send, until: next(now) { isOpen(window.hours, $0, window.zone, user) }, [])
        }
        if campaign.rechecksAudience, !isInAudience(campaign, user) { return decide(.notInSegmentAtSend, index, user) }
        if let code = ineligible(index, user, now, send: send.id) { return decide(code, index, user) }

        var found: [(Decision.Code, String?)] = []
        func record() { for (code, channel) in found { decide(code, index, user, channel) } }
        let profile = profiles[user] ?? Object()
        var left: [String] = []
        for message in campaign.messages {
            func fault() -> Decision.Code? {
                if message.channel == "in_app" {
                    return entries.contains { !$0.isOver && $0.send.campaign == index && $0.send.user == user }
                        ? .alreadyQueued : nil
                }
                let isPush = message.channel == "push"
                if isPush, (profile["push_tokens"]?.texts ?? []).isEmpty { return .noPushToken }
                if !isPush, profile["email"] == nil { return .noEmail }
                if !isPush, profile["email_status"]?.string == "hard_bounced" { return .hardBounced }
                if !isPush, profile["email_status"]?.string == "spam" { return .spamMarked }
                let consent = profile[isPush ? "push_subscription" : "email_subscription"]?.string
                if consent == "unsubscribed" { return .unsubscribed }
                return campaign.requiresOptIn && consent != "opted_in" ? .notOptedIn : nil
            }
            if let code = fault() {
                found.append((code, code == .alreadyQueued ? ending(index) : message.channel))
            } else {
                left.append(message.channel)
            }
        }
        guard !left.isEmpty else { return record() }
        let quiet: QuietHours? =
            switch campaign.quietHours {
            case .workspace: workspace.quietHours
            case .none: nil
            case .own(let own): own
            }
        if let quiet, left != ["in_app"], isOpen(quiet.hours, now, .user, user) {
            if quiet.mode == .abort {
                record()
                return decide(.quietHoursAborted, index, user)
            }
            return holdForClock(send, until: next(now) { !isOpen(quiet.hours, $0, .user, user) }, found)
        }
        if case .users(let held)? = campaign.controlGroup, held.contains(user) {
            record()
            decide(.controlGroup, index, user)
            deliveries.append(Delivery(send: send.id, campaign: index, user: user, channel: nil, at: now))
            return raise(
                "campaign_interaction",
                index,
                user,
                action: "control_enrolled",
                time: now,
                depth: send.depth,
                chain: send.chain
            )
        }
        if !campaign.isExemptFromFrequencyCaps {
            var passed: [String] = []
            for channel in left {
                let isCapped =
                    channel != "in_app"
                    && workspace.frequencyCaps.contains { cap in
                        guard cap.channel == nil || cap.channel == channel else { return false }
                        let counted = deliveries.filter { delivery in
                            guard delivery.user == user, let other = delivery.channel, other != "in_app",
                                cap.channel == nil || cap.channel == other,
                                !campaigns[delivery.campaign].isExemptFromFrequencyCaps
                            else { return false }
                            switch cap.per {
                            case .rolling(let length): return now - delivery.at < length
                            case .days(let days):
                                return Self.day(wall(now, .user, user)) - Self.day(wall(delivery.at, .user, user))
                                    < days
                            }
                        }.count
                        let sameSend = passed.filter { $0 != "in_app" && (cap.channel == nil || cap.channel == $0) }
                            .count
                        return counted + sameSend >= Int(cap.atMost)
                    }
                if isCapped { found.append((.frequencyCapped, channel)) } else { passed.append(channel) }
            }
            left = passed
        }
        guard !left.isEmpty else { return record() }
        let needsSlot = campaign.rateLimit != nil && left != ["in_app"]
        if needsSlot, slotsUsed(index) >= Int(campaign.rateLimit ?? 0) {
            guard now - send.firstDue < .days(3) else {
                record()
                return decide(.rateLimitExpired, index, user)
            }
            return hold(send, until: nextMinute(send), inLine: true)
        }
        if let most = campaign.maxRecipients {
            let users = Set(dispatched.filter { $0.campaign == index }.map(\.user))
            if !users.contains(user), users.count >= Int(most) {
                record()
                return decide(.volumeCapReached, index, user)
            }
        }
        record()
        let atOnce = left.filter { $0 != "in_app" }
        if !atOnce.isEmpty {
            if campaign.abortIf?.holds(Known(model: self, user: user), now: now) == true {
                for channel in left.contains("in_app") ? atOnce.map(Optional.init) : [nil] {
                    decide(.templateAborted, index, user, channel)
                }
            } else {
                dispatched.append((index, user, now, needsSlot))
                for channel in atOnce {
                    decide(.delivered, index, user, channel)
                    deliveries.append(Delivery(send: send.id, campaign: index, user: user, channel: channel, at: now))
                    raise(
                        "campaign_interaction",
                        index,
                        user,
                        action: "\(channel)_received",
                        time: now,
                        depth: send.depth,
                        chain: send.chain
                    )
                }
            }
        }
        if left.contains("in_app"), let message = campaign.messages.first(where: { $0.channel == "in_app" }) {
            dispatched.append((index, user, now, false))
            let expires = message.expiresAfter.map { now + $0 } ?? .never
            entries.append(Entry(send: send, order: entries.count, available: now, expires: expires))
        }
    }

    // MARK: In-app

    func lateDisplay(_ user: Text) {
        guard sessions[user] == now else { return }
        display(user, entries.indices.filter { entries[$0].available == now })
    }

    func display(_ user: Text, _ candidates: [Int]) {
        var ready: [Int] = []
        for place in candidates
        where !entries[place].isOver && entries[place].send.user == user && now < entries[place].expires {
            let index = entries[place].send.campaign
            if let code = outsideDuration(campaigns[index], user, now) {
                decide(code, index, user, "in_app")
                entries[place].isOver = true
            } else if campaigns[index].rechecksAudience, !isInAudience(campaigns[index], user) {
                decide(.notInSegmentAtSend, index, user, "in_app")
                entries[place].isOver = true
            } else if campaigns[index].window.map({ isOpen($0.hours, now, $0.zone, user) }) ?? true {
                ready.append(place)
            }
        }
        if let last = shown[user], now - last < .seconds(30) { return }
        func rank(_ place: Int) -> (UInt8, Int) {
            let priority =
                campaigns[entries[place].send.campaign].messages.first { $0.channel == "in_app" }?.priority ?? .medium
            return (priority.rawValue, entries[place].order)
        }
        for place in ready.sorted(by: { rank($0) > rank($1) }) {
            let send = entries[place].send
            entries[place].isOver = true
            if campaigns[send.campaign].abortIf?.holds(Known(model: self, user: user), now: now) == true {
                decide(.templateAborted, send.campaign, user, "in_app")
                continue
            }
            decide(.delivered, send.campaign, user, "in_app")
            deliveries.append(Delivery(send: send.id, campaign: send.campaign, user: user, channel: "in_app", at: now))
            raise(
                "campaign_interaction",
                send.campaign,
                user,
                action: "in_app_viewed",
                time: now,
                depth: send.depth,
                chain: send.chain
            )
            shown[user] = now
            return
        }
    }
}
