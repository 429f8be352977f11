import Foundation
import PluginKit
import Push
import Testing

/// What comes of what the services say.
@Suite struct OutcomeTests {
    enum Expected: Sendable {
        case dead
        case refused
        case again(Outcome.Cause, waitMs: ClosedRange<Int64>)
    }

    @Test(
        arguments: [
            ("fcm:x~404~reason=UNREGISTERED", .dead), ("fcm:x~400~reason=INVALID_ARGUMENT~field=message.token", .dead),
            ("fcm:x~400~reason=INVALID_ARGUMENT", .refused), ("fcm:x~403~reason=SENDER_ID_MISMATCH", .refused),
            ("fcm:x~404", .again(.unavailable, waitMs: 0...0)),
            ("fcm:x~403~reason=PERMISSION_DENIED", .again(.unavailable, waitMs: 0...0)),
            ("fcm:x~401~reason=THIRD_PARTY_AUTH_ERROR", .again(.message, waitMs: 0...0)),
            ("fcm:x~429~reason=QUOTA_EXCEEDED~retry=7", .again(.throttled, waitMs: 7_000...7_000)),
            ("fcm:x~429~reason=QUOTA_EXCEEDED~quota=device:x", .again(.message, waitMs: 60_000...60_000)),
            ("fcm:x~429~reason=QUOTA_EXCEEDED", .again(.throttled, waitMs: 60_000...60_000)),
            ("fcm:x~503~reason=UNAVAILABLE~date=30", .again(.unavailable, waitMs: 27_000...31_000)),
            ("fcm:x~500~garbage", .again(.unavailable, waitMs: 0...0)), ("fcm:x~302", .refused),
            ("apns:x~410~reason=Unregistered", .dead), ("apns:x~410~reason=ExpiredToken", .dead),
            ("apns:x~410~garbage", .dead), ("apns:x~400~reason=BadDeviceToken", .dead),
            ("apns:x~400~reason=DeviceTokenNotForTopic", .dead), ("apns:x~413~reason=PayloadTooLarge", .refused),
            ("apns:x~400~reason=TopicDisallowed", .again(.unavailable, waitMs: 0...0)),
            ("apns:x~403~reason=InvalidProviderToken", .again(.unavailable, waitMs: 0...0)),
            ("apns:x~429~reason=TooManyRequests~retry=9", .again(.message, waitMs: 9_000...9_000)),
            ("apns:x~429~garbage~retry=9", .again(.throttled, waitMs: 9_000...9_000)),
            ("apns:x~500~reason=InternalServerError", .again(.unavailable, waitMs: 0...0)),
            ("apns:x~503~reason=Shutdown~retry=3", .again(.unavailable, waitMs: 3_000...3_000)),
            ("webpush:x~410", .dead), ("webpush:x~404", .dead), ("webpush:x~413", .refused),
            ("webpush:x~403", .again(.message, waitMs: 0...0)),
            ("webpush:x~429~retry=5", .again(.throttled, waitMs: 5_000...5_000)),
            ("webpush:x~429~date=60", .again(.throttled, waitMs: 57_000...61_000)),
            ("webpush:x~429~date=-60", .again(.throttled, waitMs: 0...0)),
            ("webpush:x~429~retry=soon", .again(.throttled, waitMs: 0...0)),
            ("webpush:x~429~retry=99999999999", .again(.throttled, waitMs: 86_400_000...86_400_000)),
            ("webpush:x~503", .again(.unavailable, waitMs: 0...0)),
            ("webpush:x~401", .again(.message, waitMs: 0...0)), ("webpush:x~421", .again(.message, waitMs: 0...0)),
            ("fcm:x~421", .again(.message, waitMs: 0...0)), ("apns:x~421", .again(.message, waitMs: 0...0)),
            ("fcm:x~reset", .again(.message, waitMs: 0...0)), ("apns:x~cut", .again(.message, waitMs: 0...0)),
            ("webpush:x~reset", .again(.message, waitMs: 0...0)),
            ("webpush:x~refuse", .again(.message, waitMs: 0...0)),
            ("apns:x~429~huge", .again(.throttled, waitMs: 0...0)),
            ("fcm:x~503~echo", .again(.unavailable, waitMs: 0...0)),
            ("apns:x~403~echo", .again(.unavailable, waitMs: 0...0)),
        ] as [(String, Expected)]
    )
    func anAnswerIsClassified(_ token: String, _ expected: Expected) async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        // The settings are right, as every service has shown.
        let good = await channel.deliver("fcm:a", "apns:a", server.subscription("a"), key: "m0")
        #expect(good.outcome.isAccepted)
        let whole = token.hasPrefix("webpush:") ? server.subscription(String(token.dropFirst(8))) : token
        let delivery = await channel.deliver(whole)
        channel.stop()
        let requests = try server.stop().filter { $0.service != "token" }.dropFirst(3)
        // What the server says that it did not look at may be sent again.
        #expect(requests.count == (token.contains("refuse") ? 4 : 1), "sent once in one try")
        #expect(delivery.service == (token.hasPrefix("webpush:") ? server.origin : String(token.prefix { $0 != ":" })))
        #expect(delivery.service == channel.service(of: Pushing.message([whole])))
        switch expected {
        case .dead:
            #expect(delivery.deadTokens == [whole])
            #expect(delivery.outcome == .addressDead(whole, delivery.outcome.reason))
        case .refused:
            #expect(delivery.deadTokens.isEmpty)
            #expect(delivery.outcome == .refused(delivery.outcome.reason))
        case .again(let cause, let waitMs):
            #expect(delivery.deadTokens.isEmpty)
            #expect(delivery.outcome.cause == cause, "\(delivery.outcome)")
            #expect(waitMs.contains(delivery.outcome.waitMs ?? -1), "\(delivery.outcome)")
            // RFC 9113, 8.7.
            if token.contains("refuse") { #expect(!delivery.outcome.reason.contains("may have been taken")) }
        }
        let secrets = ["ya29", "eyJ", "PRIVATE", server.hello.webpushKey ?? "", "bearer"]
        for secret in secrets { #expect(!"\(delivery.outcome.reason)".contains(secret)) }
    }

    @Test func aReceiptNeedsOneToken() async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        let dead = server.subscription("d~410")
        let delivery = await channel.deliver(
            "apns:b~503",
            dead,
            "fcm:good",
            "fcm:good",
            "other:x",
            "fcm:u~404~reason=UNREGISTERED"
        )
        #expect(delivery.outcome == .accepted(id: "projects/shop-1/messages/0:1"))
        #expect(delivery.service == "fcm")
        #expect(delivery.deadTokens == [dead, "fcm:u~404~reason=UNREGISTERED"])
        channel.stop()
        #expect(
            try server.stop().filter { $0.service != "token" }.count == 4,
            "a token that stands twice is sent to once"
        )
    }

    @Test func theLongestWaitDecides() async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        let delivery = await channel.deliver(
            "apns:b~503~retry=5",
            "fcm:a~429~retry=11",
            "fcm:u~404~reason=UNREGISTERED"
        )
        #expect(delivery.outcome == .tryAgain(after: 11_000, "FCM: 429", cause: .throttled))
        #expect(delivery.service == "apns+fcm", "as the host knows it")
        #expect(delivery.deadTokens == ["fcm:u~404~reason=UNREGISTERED"])
        channel.stop()
    }

    @Test func whoAsksForQuietIsNotAskedAgainAndHoldsNobodyUp() async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        _ = await channel.deliver("fcm:a~503~retry=60")
        let second = await channel.deliver("fcm:b", key: "m2")
        #expect(second.outcome.cause == .message, "nothing was sent: it tells nothing new of the service")
        #expect((55_000...60_000).contains(second.outcome.waitMs ?? 0))
        #expect(second.service == "fcm")
        let other = await channel.deliver("apns:c", key: "m3")
        #expect(other.outcome.isAccepted)
        channel.stop()
        #expect(try server.stop().map(\.service) == ["token", "fcm", "apns"])
    }

    /// Firebase's own rule, where a 429 does not say how long: 348 were sent in a minute without it.
    @Test func aQuotaWithoutAWaitIsAskedAgainAfterAMinute() async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        let first = await channel.deliver("fcm:a~429~reason=QUOTA_EXCEEDED")
        #expect(first.outcome == .tryAgain(after: 60_000, "FCM: 429 QUOTA_EXCEEDED", cause: .throttled))
        for index in 0..<20 {
            let held = await channel.deliver("fcm:\(index)", key: "h\(index)")
            #expect((55_000...60_000).contains(held.outcome.waitMs ?? 0))
        }
        let other = await channel.deliver("apns:c", key: "m3")
        #expect(other.outcome.isAccepted)
        channel.stop()
        #expect(try server.stop().map(\.service) == ["token", "fcm", "apns"])
    }

    @Test func anOriginThatAsksForQuietHoldsUpNoOther() async throws {
        let server = try PushServer()
        let other = try PushServer(script: "plain_server.py")
        let channel = try Pushing.channel(server.settings)
        let first = await channel.deliver(server.subscription("a~503~retry=60"))
        #expect(first.outcome.cause == .unavailable)
        let held = await channel.deliver(server.subscription("b"), key: "m2")
        #expect(held.outcome.cause == .message)
        #expect((55_000...60_000).contains(held.outcome.waitMs ?? 0))
        #expect(await channel.deliver(other.subscription("c"), key: "m3").outcome.isAccepted)
        channel.stop()
        #expect(try server.stop().count == 1)
    }

    @Test(
        arguments: [
            ("fcm:x~403~reason=YAABCDEF", "FCM: 403"), ("fcm:x~403~reason=ya29.secret-1", "FCM: 403"),
            ("fcm:x~403~reason=PERMISSION_DENIED", "FCM: 403 PERMISSION_DENIED"),
            (
                "fcm:x~400~reason=INVALID_ARGUMENT~field=message.data[0].k_1",
                "FCM: 400 INVALID_ARGUMENT message.data[0].k_1"
            ),
            ("fcm:x~400~reason=INVALID_ARGUMENT~field=ya29.secret", "FCM: 400 INVALID_ARGUMENT"),
            ("fcm:x~400~reason=INVALID_ARGUMENT~field=message.a-b", "FCM: 400 INVALID_ARGUMENT"),
            ("apns:x~400~reason=BadCollapseId", "APNs: 400 BadCollapseId"), ("apns:x~400~reason=a_b", "APNs: 400"),
            ("webpush:x~403~reason=BadJwtToken", "web push: 403 BadJwtToken"),
            ("webpush:x~400~reason=VapidPkHashMismatch", "web push: 400 VapidPkHashMismatch"),
            ("webpush:x~403~reason=eyJ0eXAi.x", "web push: 403"),
            ("apns:x~400~reason=\(String(repeating: "a", count: 41))", "APNs: 400"),
        ]
    )
    func onlyWordsThatAServiceDocumentsAreTold(_ token: String, _ reason: String) async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        let whole = token.hasPrefix("webpush:") ? server.subscription(String(token.dropFirst(8))) : token
        #expect(await channel.deliver(whole).outcome.reason == reason)
        channel.stop()
    }

    @Test func anExpiredAccessTokenIsFetchedAgainOnce() async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        let healed = await channel.deliver("fcm:a~401~first")
        #expect(healed.outcome.isAccepted, "\(healed)")
        let refused = await channel.deliver("fcm:b~401", key: "m2")
        #expect(refused.outcome.cause == .unavailable)
        channel.stop()
        #expect(try server.stop().map(\.service) == ["token", "fcm", "token", "fcm", "fcm", "token", "fcm"])
    }

    @Test func anExpiredProviderTokenIsMadeAnewOnce() async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        let healed = await channel.deliver("apns:a~403~reason=ExpiredProviderToken~first")
        #expect(healed.outcome.isAccepted, "\(healed)")
        let again = await channel.deliver("apns:b~403~reason=ExpiredProviderToken", key: "m2")
        #expect(again.outcome.cause == .unavailable)
        channel.stop()
        let requests = try server.stop()
        #expect(requests.count == 3, "Apple takes a new token every 20 minutes at most")
        #expect(Set(requests.map(\.jwt)).count == 2)
    }

    @Test func aTokenOfAServiceThatIsNotSetIsRefusedAndNotDead() async throws {
        let server = try PushServer()
        let only = server.settings.filter { $0.key.hasPrefix("apns") }
        let channel = try Pushing.channel(only)
        let fcm = await channel.deliver("fcm:a")
        #expect(fcm.outcome == .refused("push.fcm_service_account is not set, and the token is of fcm"))
        #expect(fcm.deadTokens.isEmpty)
        let plain = await channel.deliver("t1")
        #expect(plain.outcome == .refused("a token begins with fcm:, apns: or webpush:, and this one does not"))
        let none = await channel.deliver(Pushing.message([]))
        #expect(none.outcome == .refused("the user has no push token"))
        channel.stop()
        #expect(try server.stop().isEmpty)
    }

    @Test func withNoServiceSetEveryPushIsAFile() async throws {
        let folder = try Folder()
        let channel = try Pushing.channel(["data_folder": folder.url.path])
        let data = Value.Member("data", .object([Value.Member("n", .integer(1))]))
        let delivery = await channel.deliver(Pushing.message(["t1"], [Value.Member("title", .string("Hi")), data]))
        #expect(delivery.outcome == .accepted(id: ""))
        let file = try Data(contentsOf: folder.url.appending(path: "push/m1.json"))
        let expected: NSDictionary = [
            "key": "m1", "campaign": "cart", "user": "u1", "tokens": ["t1"], "title": "Hi", "data": ["n": 1],
        ]
        #expect(try JSONSerialization.jsonObject(with: file) as? NSDictionary == expected)
    }
}
