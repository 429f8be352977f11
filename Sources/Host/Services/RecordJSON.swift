import Engine
import Storage

/// Records of the store for people and programs: what `dump` prints, and what a user's export holds.
extension Record {
    package var json: Object {
        switch self {
        case .user(let id, let state): ["kind": "user", "user": .string(id), "state": .object(state.json)]
        case .timer(let timer):
            [
                "kind": "timer", "at": .string(timer.at.description), "send": .string(String(timer.send)),
                "user": .string(timer.user), "campaign": .integer(Int64(timer.campaign)),
            ]
        case .decision(let stored): stored.json
        case .item(let id, let receipt):
            [
                "kind": "item", "user": .string(id.user), "id": .string(id.id),
                "received_at": .string(receipt.receivedAt.description),
                "content": .string(String(receipt.contentHigh, radix: 16) + String(receipt.contentLow, radix: 16)),
                "first_decision": .string(String(receipt.firstDecision)),
                "decision_count": .integer(Int64(receipt.decisionCount)),
            ]
        case .outbox(let entry): entry.json
        case .failed(let letter): letter.json
        case .campaign(let record):
            [
                "kind": "campaign", "campaign": .string(record.head.id), "number": .integer(Int64(record.head.number)),
                "version": .integer(Int64(record.version)), "newest": .integer(Int64(record.head.version)),
                "launched_at": .string(record.head.launchedAt.description),
                "applied_at": .string(record.head.appliedAt.description), "stopped": .boolean(record.head.isStopped),
                "stops": .array(record.head.stops.map { .string($0.description) }),
            ]
        case .token(let token, let owner): ["kind": "token", "token": .string(token), "user": .string(owner)]
        case .event(let event): event.json
        case .tally(let number, let tally):
            [
                "kind": "tally", "campaign": .integer(Int64(number)), "places": .integer(tally.places),
                "minute": .string(Instant(milliseconds: tally.minute * 60_000).description),
                "slots": .integer(tally.slots),
            ]
        }
    }
}

extension StoredEvent {
    fileprivate var json: Object {
        var json: Object = [
            "kind": "event", "received_at": .string(receivedAt.description), "user": .string(user),
            "at": time.map { .string($0.description) } ?? .null, "type": .string(type), "subject": .string(subject),
            "properties": .object(properties), "set": .object(set),
        ]
        if isHistory { json["history"] = .boolean(true) }
        return json
    }
}

extension StoredDecision {
    fileprivate var json: Object {
        var json: Object = [
            "kind": "decision", "sequence": .string(String(decision.sequence)),
            "previous": .string(String(previous)), "at": .string(decision.at.description),
            "user": .string(decision.user), "decision": .string(decision.code.rawValue),
            "rule": .string(decision.rule), "why": .object(decision.why),
        ]
        json["campaign"] = decision.campaign.map(Value.string)
        json["channel"] = decision.channel.map(Value.string)
        json["next"] = decision.next.map { .string($0.description) }
        if decision.send != 0 { json["send"] = .string(String(decision.send)) }
        return json
    }
}

extension UserState {
    fileprivate var json: Object {
        var json: Object = ["profile": .object(profile)]
        json["receipts"] = .array(
            receipts.map { receipt in
                .object([
                    "campaign": .integer(Int64(receipt.campaign)), "at": .string(receipt.at.description),
                    "send": .string(String(receipt.send)), "certain": .boolean(receipt.isCertain),
                ])
            }
        )
        json["waits"] = .array(waits.map { .object($0.json) })
        json["queue"] = .array(
            queue.map { entry in
                var object = entry.wait.json
                object["channel"] = .string(entry.channel)
                object["available"] = .string(entry.available.description)
                object["expires"] = .string(entry.expires.description)
                object["leased_until"] = entry.lease.map { .string($0.ends.description) }
                object["held_until"] = entry.heldUntil.map { .string($0.description) }
                return .object(object)
            }
        )
        json["claims"] = .array(
            claims.map { claim in
                .object([
                    "send": .string(String(claim.send)), "channel": .string(claim.channel),
                    "at": .string(claim.at.description), "number": .string(String(claim.number)),
                    "withdrawn": .boolean(claim.isWithdrawn),
                ])
            }
        )
        json["seen_exceptions"] = .array(
            seenExceptions.map { seen in
                .object(["campaign": .integer(Int64(seen.campaign)), "at": .string(seen.time.description)])
            }
        )
        if !pushTokensSince.isEmpty {
            let since = pushTokensSince.map { $0.milliseconds == 0 ? Value.null : .string($0.description) }
            json["push_tokens_since"] = .array(since)
        }
        json["last_session"] = lastSession.map { .string($0.description) }
        json["last_shown"] = lastShown.map { .string($0.description) }
        json["last_decision"] = .string(String(lastDecision))
        for member in past.members { json[member.name] = member.value }
        return json
    }

    /// What is remembered of what the user did; lists that are empty are left out.
    private var past: Object {
        var json = Object()
        func list(_ name: String, _ elements: [Object]) {
            if !elements.isEmpty { json[name] = .array(elements.map(Value.object)) }
        }
        list(
            "counts",
            counts.map {
                ["event": .string($0.event), "count": .integer($0.count), "last": .string($0.last.description)]
            }
        )
        list("happened", happened.map { ["event": .string($0.event), "at": .string($0.at.description)] })
        list(
            "spent",
            spent.map {
                [
                    "currency": .string($0.currency), "amount": .string($0.amount.description),
                    "at": $0.at.map { .string($0.description) } ?? .null,
                ]
            }
        )
        if !engagements.isEmpty { json["engagements"] = .array(engagements.map { .string($0.description) }) }
        if let position {
            json["position"] = .object([
                "latitude": .decimal(position.latitude), "longitude": .decimal(position.longitude),
                "at": .string(position.at.description),
            ])
        }
        list(
            "conversion_windows",
            conversionWindows.map {
                [
                    "campaign": .integer(Int64($0.version.number)), "send": .string(String($0.send)),
                    "channel": $0.channel.map(Value.string) ?? .null, "opened": .string($0.opened.description),
                    "credited": .array($0.credited.map { .integer(Int64($0) + 1) }),
                ]
            }
        )
        list(
            "counted",
            counted.map {
                ["channel": .string($0.channel), "send": .string(String($0.send)), "at": .string($0.at.description)]
            }
        )
        list(
            "places",
            places.map { ["campaign": .integer(Int64($0.campaign)), "send": .string(String($0.send))] }
        )
        list(
            "near_misses",
            nearMisses.map { misses in
                [
                    "campaign": .integer(Int64(misses.campaign)), "count": .integer(misses.count),
                    "newest": .array(
                        misses.newest.map {
                            .object([
                                "at": .string($0.at.description), "version": .integer(Int64($0.version)),
                                "found": .object($0.found),
                            ])
                        }
                    ),
                ]
            }
        )
        list(
            "chains",
            chains.map {
                [
                    "id": .string(String($0.id)), "campaign": .integer(Int64($0.campaign)),
                    "starts": .integer(Int64($0.starts)),
                ]
            }
        )
        return json
    }
}

extension Wait {
    fileprivate var json: Object {
        var json: Object = [
            "send": .string(String(send)), "campaign": .integer(Int64(version.number)),
            "version": .integer(Int64(version.version)), "trigger": .string(trigger.description),
            "due": .string(due.description), "properties": .object(properties),
        ]
        if firstTrigger != trigger { json["first_trigger"] = .string(firstTrigger.description) }
        return json
    }
}

extension OutboxMessage {
    fileprivate func json(_ kind: String) -> Object {
        [
            "kind": .string(kind), "key": .string(key), "user": .string(user), "channel": .string(channel),
            "number": .string(String(number)), "campaign": .string(campaign), "send": .string(String(send)),
            "addresses": .array(addresses.map(Value.string)), "fields": .object(fields),
            "claimed_at": .string(claimedAt.description),
        ]
    }
}

extension OutboxEntry {
    fileprivate var json: Object {
        var json = message.json("outbox")
        guard let state else { return json }
        json["attempts"] = .integer(Int64(state.attempts))
        json["not_before"] = .string(state.notBefore.description)
        json["reason"] = .string(state.reason)
        json["handed_over"] = .boolean(state.isHandedOver)
        json["withdrawn"] = .boolean(state.isWithdrawn)
        json["dead_addresses"] = .array(state.deadAddresses.map(Value.string))
        return json
    }
}

extension DeadLetter {
    fileprivate var json: Object {
        var json = message.json("failed")
        json["failed_at"] = .string(failedAt.description)
        json["decision"] = .string(code.rawValue)
        json["reason"] = .string(reason)
        json["attempts"] = .integer(Int64(attempts))
        return json
    }
}
