import PluginKit
import Push
import Testing

/// What a wrong setting would make a service say as well takes no good token away.
@Suite struct TrustTests {
    static let disputed = [
        ("apns:x~400~reason=BadDeviceToken", "push.apns_url"),
        ("apns:x~400~reason=DeviceTokenNotForTopic", "push.apns_topic"),
        ("fcm:x~400~reason=INVALID_ARGUMENT~field=message.token", "push.fcm_service_account"),
        ("fcm:x~403~reason=SENDER_ID_MISMATCH", "push.fcm_service_account"),
    ]

    /// 50 of 50 good tokens were lost to a wrong `apns_url`.
    @Test(arguments: disputed)
    func beforeAnAcceptanceNoTokenIsTakenAndARowRestsTheService(_ token: String, _ setting: String) async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        let service = String(token.prefix { $0 != ":" })
        for place in 1...50 {
            let delivery = await channel.deliver(token.replacing(":x", with: ":x\(place)"), key: "m\(place)")
            #expect(delivery.deadTokens.isEmpty)
            #expect(delivery.outcome.cause == (place < PushLimits.disputesInARow ? .message : .doubted))
            #expect(delivery.outcome.reason.contains(setting), "\(delivery)")
            #expect(delivery.service == service)
        }
        // The setting is right by now.
        #expect(await channel.deliver("\(service):good", key: "good").outcome.isAccepted)
        let after = await channel.deliver(token, key: "after")
        #expect(after.deadTokens == (token.contains("SENDER") ? [] : [token]))
        #expect(after.outcome.cause == nil, "\(after)")
        channel.stop()
        _ = try server.stop()
    }

    @Test func aRowAfterAnAcceptanceRestsTheServiceToo() async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        var lost = 0
        for _ in 1...2 {
            #expect(await channel.deliver("apns:good").outcome.isAccepted)
            for place in 1...20 {
                let delivery = await channel.deliver("apns:\(place)~400~reason=BadDeviceToken", key: "m\(place)")
                lost += delivery.deadTokens.count
                #expect((delivery.outcome.cause == .doubted) == (place >= PushLimits.disputesInARow))
            }
        }
        #expect(lost == 2 * (PushLimits.disputesInARow - 1))
        channel.stop()
    }

    /// These say that a token was one: they are believed, but not without end.
    @Test(arguments: ["fcm:x~404~reason=UNREGISTERED", "apns:x~410~reason=Unregistered"])
    func whoAcceptedNothingIsNotBelievedWithoutEnd(_ token: String) async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        let service = String(token.prefix { $0 != ":" })
        var lost = 0
        for place in 1...60 {
            let delivery = await channel.deliver(token.replacing(":x", with: ":x\(place)"), key: "m\(place)")
            lost += delivery.deadTokens.count
            #expect((delivery.outcome.cause == .doubted) == (place >= PushLimits.deathsBeforeAcceptance))
        }
        #expect(lost == PushLimits.deathsBeforeAcceptance - 1)
        #expect(await channel.deliver("\(service):good", key: "good").outcome.isAccepted)
        for place in 1...60 {
            let delivery = await channel.deliver(token.replacing(":x", with: ":x\(place)"), key: "n\(place)")
            lost += delivery.deadTokens.count
        }
        #expect(lost == PushLimits.deathsBeforeAcceptance - 1 + 60)
        channel.stop()
    }

    /// Eight profiles with twelve invented tokens each stopped APNs for everybody.
    @Test func tokensOfOneUserCountOnce() async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        #expect(await channel.deliver("apns:good").outcome.isAccepted)
        for place in 1..<PushLimits.disputesInARow {
            let tokens = (1...12).map { "apns:\(place)x\($0)~400~reason=BadDeviceToken" }
            let delivery = await channel.deliver(Pushing.message(tokens, key: "m\(place)"))
            #expect(Set(delivery.deadTokens) == Set(tokens))
        }
        #expect(await channel.deliver("apns:x~400~reason=BadDeviceToken", key: "last").outcome.cause == .doubted)
        channel.stop()
    }

    /// Each start of the daemon took 49 more.
    @Test(arguments: ["fcm:x~404~reason=UNREGISTERED", "apns:x~400~reason=BadDeviceToken"])
    func whoWasDoubtedBeforeTheStartIsNotBelieved(_ token: String) async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        let service = String(token.prefix { $0 != ":" })
        let first = await channel.deliver(Pushing.message([token], key: "m1", isInDoubt: true))
        #expect(first.deadTokens.isEmpty && first.outcome.cause == .doubted)
        let second = await channel.deliver(token, key: "m2")
        #expect(second.deadTokens.isEmpty && second.outcome.cause == .doubted)
        #expect(await channel.deliver("\(service):good", key: "good").outcome.isAccepted)
        #expect(await channel.deliver(token, key: "m3").deadTokens == [token])
        channel.stop()
    }

    @Test func refusalsDegradeAnOriginThatNeverAccepted() async throws {
        let server = try PushServer()
        let other = try PushServer(script: "plain_server.py")
        let channel = try Pushing.channel(server.settings)
        func refused(_ name: String) async -> Outcome {
            let answer = name.hasPrefix("b") ? "400~reason=VapidPkHashMismatch" : "403~reason=BadJwtToken"
            return await channel.deliver(server.subscription("\(name)~\(answer)"), key: name).outcome
        }
        for place in 1...5 {
            let outcome = await refused("a\(place)")
            #expect(outcome.cause == (place < PushLimits.refusalsBeforeAcceptance ? .message : .doubted))
            #expect(outcome.reason.hasPrefix("web push: 403 BadJwtToken"))
            if outcome.cause == .doubted { #expect(outcome.reason.contains("push.webpush_subject")) }
        }
        #expect(await channel.deliver(other.subscription("c"), key: "other").outcome.isAccepted)
        #expect(await refused("b").cause == .doubted, "another origin's acceptance is not its own")
        #expect(await channel.deliver(server.subscription("good"), key: "good").outcome.isAccepted)
        for place in 1...10 { #expect(await refused("c\(place)").cause == .message) }
        channel.stop()
    }

    /// Apple's timestamp against when the profile was given the token.
    @Test func aDeathFromBeforeTheTokenWasRegisteredIsNone() async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        let token = "apns:x~410~reason=Unregistered~gone=1700000000000"
        func delivery(_ sinceMs: Int64?, attempt: Int = 1) async -> Delivery {
            await channel.deliver(Pushing.message([token], since: sinceMs.map { [$0] } ?? [], attempt: attempt))
        }
        for since in [nil, 0, 1_699_999_999_999, 1_700_000_000_000] as [Int64?] {
            #expect(await delivery(since).deadTokens == [token], "\(since ?? -1)")
        }
        let younger = await delivery(1_700_000_000_001)
        #expect(younger.deadTokens.isEmpty)
        #expect(younger.outcome.cause == .message)
        #expect(younger.outcome.reason.hasPrefix("APNs: 410 Unregistered, of a time before the profile had the token"))
        let last = await delivery(1_700_000_000_001, attempt: PushLimits.triesAfterOldDeath)
        #expect(last.deadTokens.isEmpty)
        #expect(last.outcome == .refused(last.outcome.reason))
        channel.stop()
    }

    @Test func whatIsRememberedOfServicesIsBounded() {
        let trust = Trust()
        var tries = 0
        func verdict(on finding: Finding, of service: String) -> Verdict {
            tries += 1
            return trust.verdict(
                on: finding,
                of: service,
                to: Trust.Witness(user: "u", attempt: tries, isInDoubt: false)
            )
        }
        let doubt = Doubt(until: .row(beforeAcceptance: 2), setting: "s")
        let refusal = Finding(.again(afterMs: 0, "r", .message), doubt: doubt)
        #expect(verdict(on: Finding(.accepted(id: "")), of: "good") == .accepted(id: ""))
        for place in 0...PushLimits.mostServices { _ = verdict(on: refusal, of: "\(place)") }
        #expect(verdict(on: refusal, of: "good") == refusal.verdict)
        #expect(verdict(on: refusal, of: "good") == refusal.verdict, "who accepted is kept")
        #expect(verdict(on: refusal, of: "0") == refusal.verdict, "who did not is forgotten")
    }
}
