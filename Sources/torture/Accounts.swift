import Engine
import Storage

/// What became of messages, added up from decisions alone: the tallies must say the same.
struct Accounts {
    private struct Send {
        var user: UserID
        var campaign: CampaignNumber
        /// Messages that have no end yet.
        var left: Int64
        var ends: [String: Decision.Code] = [:]
    }

    private var sends: [UInt64: Send] = [:]
    private var newest: [CampaignID: CampaignVersion] = [:]
    private var messages: [CampaignVersion: Int64] = [:]
    private var ended: [CampaignNumber: [Decision.Code: Int64]] = [:]
    /// What waits for a version that nobody serves may go on by another, which has more messages or fewer (14).
    private var mayMove = false

    mutating func check(_ commit: Commit) throws {
        let deleted = Set(commit.changes.deletedUsers)
        for stored in commit.changes.decisions {
            take(stored.decision, isForgotten: deleted.contains(stored.decision.user))
        }
        if !deleted.isEmpty { sends = sends.filter { !deleted.contains($0.value.user) } }
        for record in commit.changes.campaigns { try take(record) }
        if !commit.isServed { mayMove = true }
        for (number, tally) in commit.changes.tallies.sorted(by: { $0.key < $1.key }) {
            guard !mayMove || messages.keys.count(where: { $0.number == number }) < 2 else { continue }
            // Near misses are no decisions.
            for code in Decision.Code.allCases where code != .propertyFilterMismatch {
                let count = ended[number]?[code] ?? 0
                try torture.check(
                    tally[code] == count,
                    "campaign \(number): \(tally[code]) are counted as \(code.rawValue), decided were \(count)"
                )
            }
        }
    }

    private mutating func take(_ decision: Decision, isForgotten: Bool) {
        guard let id = decision.campaign else { return }  // It concerns none.
        if decision.code == .scheduled, let version = newest[id] {
            sends[decision.send] = Send(
                user: decision.user,
                campaign: version.number,
                left: messages[version] ?? 1
            )
        }
        if decision.code == .redriven, let channel = decision.channel,
            let code = sends[decision.send]?.ends.removeValue(forKey: channel)
        {
            sends[decision.send]?.left += 1
            ended[sends[decision.send]?.campaign ?? 0]?[code, default: 0] -= 1
        }
        guard decision.code.isTerminal else { return }
        guard decision.send != 0 else {
            guard let version = newest[id] else { return }  // Of a campaign that is gone nothing is counted.
            return end(decision.code, messages[version] ?? 1, of: version.number)
        }
        guard let send = sends[decision.send] else { return }  // Its user was deleted.
        let count = decision.channel == nil ? send.left : 1
        sends[decision.send]?.left -= count
        if let channel = decision.channel { sends[decision.send]?.ends[channel] = decision.code }
        end(decision.code, count, of: send.campaign)
    }

    private mutating func end(_ code: Decision.Code, _ count: Int64, of number: CampaignNumber) {
        ended[number, default: [:]][code, default: 0] += count
    }

    private mutating func take(_ record: CampaignRecord) throws {
        let version = CampaignVersion(number: record.head.number, version: record.version)
        if !record.definition.isEmpty {
            messages[version] = Int64(try Campaign(packed: record.definition).messages.count)
        }
        if record.head.deletedAt != nil {
            if newest[record.head.id]?.number == record.head.number { newest[record.head.id] = nil }
        } else {
            newest[record.head.id] = record.head.current
        }
    }
}
