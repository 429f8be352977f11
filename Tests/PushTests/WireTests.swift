import Cryptography
import Encodings
import Foundation
import HTTPClient
import PluginKit
import Push
import Testing

/// What each service is sent, as its own documentation has it, read by libraries that are not the channel's.
@Suite struct WireTests {
    private static let fields = [
        Value.Member("title", .string("Grüße \"1\"")), Value.Member("body", .string("line\nline")),
        Value.Member("image", .string("https://example.com/i.png")), Value.Member("url", .string("shop://cart")),
        Value.Member("data", .object([Value.Member("n", .integer(3)), Value.Member("s", .string("x"))])),
        Value.Member("ttl_seconds", .integer(3_600)), Value.Member("urgency", .string("high")),
        Value.Member("collapse_key", .string("cart")), Value.Member("sound", .string("default")),
        Value.Member("badge", .integer(2)), Value.Member("category", .string("CART")),
        Value.Member("android_channel", .string("offers")), Value.Member("subtitle", .string("Basket")),
        Value.Member("thread_id", .string("cart-1")), Value.Member("tag", .string("cart-tag")),
        Value.Member("interruption_level", .string("time-sensitive")),
        Value.Member("relevance_score", .decimal(0.75)), Value.Member("icon", .string("https://example.com/s.png")),
    ]

    private func request(_ token: (PushServer) -> String, _ fields: [Value.Member]) async throws -> PushServer.Request {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        let delivery = await channel.deliver(Pushing.message([token(server)], fields))
        #expect(delivery.outcome.isAccepted, "\(delivery)")
        channel.stop()
        let request = try #require(try server.stop().last)
        #expect(request.fault == nil)
        return request
    }

    @Test func fcm() async throws {
        let before = Int(Date().timeIntervalSince1970)
        let request = try await request({ _ in "fcm:device" }, Self.fields)
        #expect(request.headers[":path"] == "/v1/projects/shop-1/messages:send")
        let message = try #require(request.json["message"] as? [String: Any])
        let apns = try #require(message["apns"] as? [String: Any])
        let headers = try #require(apns["headers"] as? [String: String])
        let expiration = try #require(headers["apns-expiration"].flatMap { Int($0) })
        #expect((before + 3_600...before + 3_630).contains(expiration))
        let expected: NSDictionary = [
            "message": [
                "token": "device",
                "notification": [
                    "title": "Grüße \"1\"", "body": "line\nline", "image": "https://example.com/i.png",
                ],
                "data": ["n": "3", "s": "x", "url": "shop://cart", "triggerd_campaign": "cart", "triggerd_key": "m1"],
                "android": [
                    "collapse_key": "cart", "priority": "HIGH", "ttl": "3600s",
                    "notification": [
                        "sound": "default", "channel_id": "offers", "notification_count": 2, "tag": "cart-tag",
                    ],
                ],
                "apns": [
                    "headers": [
                        "apns-priority": "10", "apns-collapse-id": "cart", "apns-expiration": "\(expiration)",
                    ],
                    "payload": ["aps": Self.aps], "fcm_options": ["image": "https://example.com/i.png"],
                ],
                "webpush": [
                    "headers": ["TTL": "3600", "Urgency": "high", "Topic": "cart"],
                    "notification": ["icon": "https://example.com/s.png", "tag": "cart-tag"],
                ],
            ]
        ]
        #expect(request.json == expected)
    }

    private static var aps: NSDictionary {
        [
            "alert": ["title": "Grüße \"1\"", "subtitle": "Basket", "body": "line\nline"], "sound": "default",
            "badge": 2,
            "category": "CART", "mutable-content": 1, "thread-id": "cart-1", "interruption-level": "time-sensitive",
            "relevance-score": 0.75,
        ]
    }

    /// Firebase makes the alert; an icon is a drawable's name or an address, and a link is https.
    @Test func fcmIsGivenWhatAPlatformHasAFieldFor() async throws {
        let fields = [
            Value.Member("title", .string("t")), Value.Member("icon", .string("bell_1")),
            Value.Member("url", .string("https://example.com/cart")), Value.Member("tag", .string("t 1")),
            Value.Member("thread_id", .string("g")),
        ]
        let request = try await request({ _ in "fcm:device" }, fields)
        let message = try #require(request.json["message"] as? NSDictionary)
        #expect(message["android"] as? NSDictionary == ["notification": ["icon": "bell_1", "tag": "t 1"]])
        let apns = try #require(message["apns"] as? NSDictionary)
        #expect(apns["payload"] as? NSDictionary == ["aps": ["thread-id": "g"]])
        #expect(apns["headers"] as? [String: String] == ["apns-collapse-id": Self.digest(of: "t 1")])
        let webpush: NSDictionary = [
            "notification": ["tag": "t 1"], "fcm_options": ["link": "https://example.com/cart"],
        ]
        #expect(message["webpush"] as? NSDictionary == webpush)
    }

    private static func digest(of text: String) -> String {
        Base64.encodedForURL(SHA256.digest(of: Array(text.utf8)))
    }

    @Test func aMessageThatSaysNothingOfPlatformsHasNoBlocks() async throws {
        let request = try await request({ _ in "fcm:device" }, [Value.Member("title", .string("t"))])
        let message = try #require(request.json["message"] as? [String: Any])
        #expect(Set(message.keys) == ["token", "notification", "data"])
    }

    @Test func fcmInTheBackground() async throws {
        let fields = [Value.Member("background", .boolean(true)), Value.Member("title", .string("t"))]
        let request = try await request({ _ in "fcm:device" }, fields)
        let expected: NSDictionary = [
            "message": [
                "token": "device", "data": ["title": "t", "triggerd_campaign": "cart", "triggerd_key": "m1"],
                "apns": [
                    "headers": ["apns-push-type": "background", "apns-priority": "5"],
                    "payload": ["aps": ["content-available": 1]],
                ],
            ]
        ]
        #expect(request.json == expected)
    }

    @Test func theAccessTokenIsAskedForAsRFC7523HasIt() async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        _ = await channel.deliver((0..<50).map { Pushing.message(["fcm:\($0)"], key: "m\($0)") })
        channel.stop()
        let requests = try server.stop()
        let fetches = requests.filter { $0.service == "token" }
        #expect(fetches.count == 1, "one fetch for all that wait")
        #expect(fetches[0].fault == nil)
        #expect(fetches[0].jwtHeader == ["alg": "RS256", "typ": "JWT", "kid": "k1"])
        let claims = fetches[0].claims
        #expect(claims["iss"] as? String == "push@shop-1.iam.gserviceaccount.com")
        #expect(claims["scope"] as? String == "https://www.googleapis.com/auth/firebase.messaging")
        let life = (claims["exp"] as? Int ?? 0) - (claims["iat"] as? Int ?? 0)
        #expect(life == 3_600)
        #expect(requests.count == 51)
    }

    @Test func apns() async throws {
        let before = Int(Date().timeIntervalSince1970)
        let request = try await request({ _ in "apns:abc123" }, Self.fields)
        #expect(request.headers[":method"] == "POST")
        #expect(request.headers[":path"] == "/3/device/abc123")
        #expect(request.headers["apns-topic"] == "com.example.shop")
        #expect(request.headers["apns-push-type"] == "alert")
        #expect(request.headers["apns-priority"] == "10")
        #expect(request.headers["apns-collapse-id"] == "cart")
        let expiration = try #require(request.headers["apns-expiration"].flatMap { Int($0) })
        #expect((before + 3_600...before + 3_630).contains(expiration))
        #expect(request.jwtHeader["alg"] == "ES256")
        #expect(request.jwtHeader["kid"] == "ABCDE12345")
        #expect(request.claims["iss"] as? String == "TEAM123456")
        let expected: NSDictionary = [
            "aps": Self.aps,
            "n": 3, "s": "x", "url": "shop://cart", "image": "https://example.com/i.png",
            "triggerd": ["campaign": "cart", "key": "m1"],
        ]
        #expect(request.json == expected)
    }

    @Test func apnsInTheBackground() async throws {
        let fields = [
            Value.Member("background", .boolean(true)), Value.Member("urgency", .string("high")),
            Value.Member("ttl_seconds", .integer(0)),
            Value.Member("collapse_key", .string(String(repeating: "k", count: 65))),
        ]
        let request = try await request({ _ in "apns:abc123" }, fields)
        #expect(request.headers["apns-push-type"] == "background")
        #expect(request.headers["apns-priority"] == "5")
        #expect(request.headers["apns-expiration"] == "0")
        #expect(request.headers["apns-collapse-id"]?.utf8.count == 43, "a digest, for it is too long")
        #expect(request.json["aps"] as? NSDictionary == ["content-available": 1])
    }

    /// What is shown under a tag is replaced; Apple has one id for both.
    @Test func aTagIsApplesCollapseIDWhereThereIsNoOther() async throws {
        let fields = [Value.Member("title", .string("t")), Value.Member("tag", .string("order-7"))]
        let request = try await request({ _ in "apns:abc123" }, fields)
        #expect(request.headers["apns-collapse-id"] == "order-7")
    }

    @Test func everyTryHasTheSameID() async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        for (token, key) in [("a", "m1"), ("a", "m1"), ("b", "m1"), ("a", "m2")] {
            let delivery = await channel.deliver("apns:\(token)", key: key)
            #expect(delivery.outcome.isAccepted)
        }
        channel.stop()
        let requests = try server.stop()
        let ids = requests.compactMap { $0.headers["apns-id"] }
        #expect(ids.count == 4)
        #expect(ids.allSatisfy { UUID(uuidString: $0) != nil })
        #expect(ids[0] == ids[1])
        #expect(Set(ids).count == 3)
        #expect(Set(requests.map(\.jwt)).count == 1, "one provider token for all")
    }

    @Test func webPush() async throws {
        let request = try await request({ $0.subscription("s1") }, Self.fields)
        #expect(request.headers["ttl"] == "3600")
        #expect(request.headers["urgency"] == "high")
        #expect(request.headers["topic"] == "cart")
        #expect(request.claims["sub"] as? String == "mailto:ops@example.com")
        let life = (request.claims["exp"] as? Int ?? 0) - Int(Date().timeIntervalSince1970)
        #expect((1...86_400).contains(life))
        let expected: NSDictionary = [
            "title": "Grüße \"1\"", "body": "line\nline", "image": "https://example.com/i.png", "url": "shop://cart",
            "icon": "https://example.com/s.png", "tag": "cart-tag", "badge": 2, "data": ["n": 3, "s": "x"],
            "triggerd": ["campaign": "cart", "key": "m1"],
        ]
        #expect(request.plaintext == expected)
    }

    @Test func webPushInTheBackgroundShowsNothing() async throws {
        let request = try await request(
            { $0.subscription("s1") },
            Self.fields + [Value.Member("background", .boolean(true))]
        )
        #expect(Set(request.plaintext.allKeys as? [String] ?? ["icon"]).isDisjoint(with: ["icon", "tag"]))
        #expect(request.plaintext["background"] as? Bool == true)
    }

    @Test func aSubscriptionMayStandInBase64AndTheKeyInPEM() async throws {
        let server = try PushServer()
        var settings = server.settings
        settings["webpush_key"] = server.hello.webpushPem
        let channel = try Pushing.channel(settings)
        let json = server.subscription("s1").dropFirst("webpush:".count)
        let token = Data(json.utf8).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        let fields = [
            Value.Member("title", .string("t")), Value.Member("collapse_key", .string("no topic: " + json)),
        ]
        let delivery = await channel.deliver(Pushing.message(["webpush:" + token], fields))
        #expect(delivery.outcome.isAccepted, "\(delivery)")
        _ = await channel.deliver("webpush:" + token, key: "m2")
        channel.stop()
        let requests = try server.stop()
        #expect(requests.count == 2)
        #expect(requests.allSatisfy { $0.fault == nil })
        #expect(requests[0].headers["topic"]?.utf8.count == 32)
        #expect(requests[0].headers["ttl"] == "2419200")
        #expect(Set(requests.map(\.jwt)).count == 1, "one token for an origin")
        for part in ["salt", "sender"] {
            #expect(Set(requests.compactMap { $0.object[part] as? String }).count == 2, "\(part) is made anew")
        }
    }
}
