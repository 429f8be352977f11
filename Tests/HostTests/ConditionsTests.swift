import Engine
import Storage
import Testing

@testable import Core
@testable import Host

/// What is told of providers that take nothing: users name as many of them as they like.
struct ConditionsTests: LineSuite {
    private static func end(_ line: inout LineStateMachine, _ number: UInt64, _ report: ChannelReport) {
        _ = line.ended(number, attempt: 0, report, .at(1))
    }

    @Test("hundreds that are dead hide nothing of one that took messages and takes none any more")
    func crowd() {
        var line = Self.several()
        var log = ConditionLog()
        let name = { (message: OutboxMessage) -> Text in
            message.number == 1 || message.number > 500 ? "apns" : "x\(message.number)"
        }
        func lines() -> [String] { log.lines("push", line.conditions.takeNews(), .at(1)).map(\.1) }
        var disk: [UInt64: OutboxEntry] = [:]
        for number in UInt64(1)...505 { disk[number] = OutboxEntry(message: Self.message(number)) }
        for number in UInt64(1)...500 { line.handOver(Self.message(number), now: .at(0)) }
        for entry in Self.work(&line, .at(0), disk: disk, service: name) {
            let number = entry.message.number
            let outcome = number == 1 ? ChannelOutcome.accepted(id: "") : Self.gone.outcome
            Self.end(&line, number, ChannelReport(outcome, service: name(entry.message)))
        }
        let before = lines()
        #expect(before.count == LineLimits.mostLogged + 1)
        #expect(before.last?.contains("more providers that took nothing before come to rest") == true)
        for number in UInt64(501)...505 { line.handOver(Self.message(number), now: .at(1)) }
        for entry in Self.work(&line, .at(1), disk: disk, service: name) {
            Self.end(&line, entry.message.number, ChannelReport(Self.gone.outcome, service: "apns"))
        }
        #expect(lines() == ["the channel push (apns) is degraded, its messages wait: refused"])
        #expect(line.conditions.byService["apns"]?.reason == "refused")
        #expect(line.conditions.byService.count == 500)
    }

    @Test("not without end")
    func bound() {
        var conditions = Conditions()
        for number in 0..<LineLimits.mostTold + 10 { conditions.set(Text("x\(number)"), "503", .at(0)) }
        #expect(conditions.byService.count == LineLimits.mostTold)
        #expect(conditions.takeNews().count == LineLimits.mostTold)
    }

    @Test("each minute has lines of its own; one that comes and goes before anybody was told has none")
    func log() {
        var conditions = Conditions()
        var log = ConditionLog()
        conditions.set("a", "503", .at(0))
        conditions.clear("a")
        #expect(conditions.takeNews().isEmpty)
        for number in 0..<200 { conditions.set(Text("x\(number)"), "503", .at(0)) }
        conditions.set("known", "503", .at(0), isKnown: true)
        let first = log.lines("webhook", conditions.takeNews(), .at(60)).map(\.1)
        #expect(first.count == LineLimits.mostLogged + 2)
        #expect(first.last == "the channel webhook (known) is degraded, its messages wait: 503")
        conditions.clear("x1")
        conditions.clear("known")
        #expect(
            log.lines("webhook", conditions.takeNews(), .at(119)).map(\.1) == [
                "the channel webhook (known) is well again"
            ]
        )
        conditions.clear("x2")
        #expect(
            log.lines("webhook", conditions.takeNews(), .at(120)).map(\.1) == ["the channel webhook (x2) is well again"]
        )
        conditions.set("", "503", .at(120))
        let whole = log.lines("email", conditions.takeNews(), .at(120)).map(\.1)
        #expect(whole == ["the channel email is degraded, its messages wait: 503"])
    }
}
