import Foundation
import PluginKit
import Push
import Testing

@Suite struct SettingsTests {
    @Test func theRealServicesAreTheDefaults() throws {
        let server = try PushServer()
        let settings = server.settings.filter { !$0.key.hasSuffix("_url") }
        #expect(throws: Never.self) { try Pushing.channel(settings).stop() }
        let summaries = PushChannel.settingFields.map(\.summary)
        for url in ["https://fcm.googleapis.com", "https://api.push.apple.com"] {
            #expect(summaries.contains("default \(url)"))
        }
        let secrets = PushChannel.settingFields.filter { $0.flags.contains(.secret) }.map(\.name)
        #expect(secrets == ["fcm_service_account", "apns_key", "webpush_key"])
    }

    @Test(
        arguments: [
            ("fcm_service_account", "hidden", "fcm_service_account: "),
            ("fcm_service_account", #"{"type":"authorized_user","x":"hidden"}"#, "fcm_service_account: "),
            (
                "fcm_service_account",
                #"{"type":"service_account","project_id":"p","client_email":"e","private_key":"hidden"}"#,
                "fcm_service_account: "
            ),
            ("fcm_service_account", nil, "fcm_url is of no use without fcm_service_account"),
            ("fcm_url", "fcm.googleapis.com", "fcm_url: "), ("fcm_url", "http://example.com", "fcm_url: "),
            ("fcm_url", "https://example.com/v1", "fcm_url: "),
            ("fcm_url", "https://u:hidden@example.com", "fcm_url: "),
            ("apns_key", "-----BEGIN PRIVATE KEY-----\nhidden\n-----END PRIVATE KEY-----", "apns_key: "),
            ("apns_key", nil, "apns_key_id is of no use without apns_key"),
            ("apns_key_id", nil, "apns_key_id is not set"), ("apns_key_id", "A B", "apns_key_id: "),
            ("apns_team_id", nil, "apns_team_id is not set"), ("apns_team_id", "T\r\nx: y", "apns_team_id: "),
            ("apns_topic", nil, "apns_topic is not set"), ("apns_topic", "com example", "apns_topic: "),
            ("apns_url", "https://exa mple.com", "apns_url: "), ("webpush_key", "hidden", "webpush_key: "),
            ("webpush_key", nil, "webpush_subject is of no use without webpush_key"),
            ("webpush_subject", nil, "webpush_subject is not set"), ("webpush_subject", "ops", "webpush_subject: "),
            ("webpush_subject", "mailto:ops@localhost", "webpush_subject: \"localhost\" is no domain"),
            ("webpush_subject", "mailto:ops@mail.shop.local", "webpush_subject: \"mail.shop.local\" is no domain"),
            ("webpush_subject", "mailto:ops@10.0.0.1", "webpush_subject: \"10.0.0.1\" is no domain"),
            ("webpush_subject", "mailto:ops@[::1]", "webpush_subject: \"[::1]\" is no domain"),
            ("webpush_subject", "mailto:ops@shop..com", "webpush_subject: \"shop..com\" is no domain"),
            ("webpush_subject", "mailto:ops@", "webpush_subject: \"\" is no domain"),
            ("webpush_subject", "mailto:@shop.com", "webpush_subject: write one"),
            ("webpush_subject", "mailto:a@b@shop.com", "webpush_subject: write one"),
            ("webpush_subject", "mailto:<ops@shop.com>", "webpush_subject: write one"),
            ("webpush_subject", "mailto: ops@shop.com", "webpush_subject: it holds a space"),
            ("webpush_subject", "https://localhost/push", "webpush_subject: \"localhost\" is no domain"),
            ("webpush_subject", "https://shop", "webpush_subject: \"shop\" is no domain"),
            ("webpush_subject", "https://192.168.1.1", "webpush_subject: \"192.168.1.1\" is no domain"),
            ("webpush_subject", "http://shop.com", "webpush_subject: write one"),
            ("webpush_subject", "https://localhost.", "webpush_subject: write one mailto: address, or an https: URL"),
            ("webpush_subject", "https://shop.com#f", "webpush_subject: write one mailto: address, or an https: URL"),
            ("ca_file", "/no/such/file", "ca_file: /no/such/file cannot be read"), ("ca_file", #filePath, "ca_file: "),
            ("timeout_seconds", "0", "timeout_seconds: 0 is not within"),
            ("timeout_seconds", "601", "timeout_seconds: 601 is not within"),
        ] as [(String, String?, String)]
    )
    func aFaultNamesItsSettingAndNoSecret(_ name: String, _ value: String?, _ beginning: String) throws {
        let server = try PushServer()
        var settings = server.settings
        settings[name] = value
        do {
            try Pushing.channel(settings).stop()
            Issue.record("taken: \(name)")
        } catch {
            #expect("\(error)".hasPrefix(beginning), "\(error)")
            #expect(!"\(error)".contains("hidden"))
        }
    }

    @Test(
        arguments: [
            ([Value.Member("ttl_seconds", .integer(-1))], "ttl_seconds: "),
            ([Value.Member("ttl_seconds", .integer(2_419_201))], "ttl_seconds: "),
            ([Value.Member("relevance_score", .decimal(1.5))], "relevance_score: 1.5 is not within 0 to 1"),
            ([Value.Member("relevance_score", .integer(-1))], "relevance_score: "),
            ([Value.Member("relevance_score", .integer(1))], nil),
            ([Value.Member("icon", .string("https://a b"))], "icon: the URL "),
            ([Value.Member("icon", .string("bell_small"))], nil), ([Value.Member("icon", .string("/bell.png"))], nil),
            ([Value.Member("badge", .integer(-1))], "badge: "), ([Value.Member("data", .string("x"))], "data: "),
            ([Value.Member("data", .object([Value.Member("aps", .null)]))], "data.aps: "),
            ([Value.Member("data", .object([Value.Member("google.x", .null)]))], "data.google.x: "),
            ([Value.Member("image", .string("cat.png"))], "image: "),
            ([Value.Member("image", .string("https://a b"))], "image: the URL "),
            ([Value.Member("image", .string("https:///"))], "image: the URL "),
            ([Value.Member("url", .string("https://a b"))], "url: the URL "),
            ([Value.Member("url", .string("HTTPS:///"))], "url: the URL "),
            ([Value.Member("url", .string("https://u@example.com"))], "url: the URL "),
            ([Value.Member("image", .string("{{ event.image }}"))], nil),
            ([Value.Member("url", .string("https://{{ event.host }}/a b"))], nil),
            ([Value.Member("url", .string("https://example.com/a?b#c"))], nil),
            ([Value.Member("url", .string("shop://cart"))], nil),
            ([Value.Member("ttl_seconds", .integer(2_419_200))], nil),
            ([Value.Member("title", .string("{{ user.name }}"))], nil), ([], nil),
        ] as [([Value.Member], String?)]
    )
    func whatCanNeverBeSentIsRefusedWhenACampaignIsApplied(_ fields: [Value.Member], _ beginning: String?) {
        do {
            try PushChannel.check(.object(fields))
            #expect(beginning == nil)
        } catch {
            #expect("\(error)".hasPrefix(beginning ?? "taken"), "\(error)")
        }
    }

    @Test(arguments: [
        "mailto:ops@example.com", "mailto:push+a@mail.shop.co.uk", "https://shop.com", "https://shop.com:8443/push",
        "https://xn--bcher-kva.example.org",
    ])
    func aSubjectOfTheInternetIsTaken(_ subject: String) throws {
        var settings = try PushServer().settings
        settings["webpush_subject"] = subject
        try Pushing.channel(settings).stop()
    }

    @Test(arguments: [
        ("client_email", "push@shop-1", "push\\r\\nhidden@shop-1"), ("project_id", "\"shop-1\"", "\"hidden\\n\""),
        ("token_uri", "/token\"", "/token\\r\\nhidden\""), ("private_key_id", "\"k1\"", "\"hidden\\u0085\""),
    ])
    func aServiceAccountHoldsNoControlCharacter(_ name: String, _ good: String, _ bad: String) throws {
        let server = try PushServer()
        var settings = server.settings
        settings["fcm_service_account"] = settings["fcm_service_account"]?.replacing(good, with: bad)
        do {
            try Pushing.channel(settings).stop()
            Issue.record("taken: \(name)")
        } catch {
            #expect("\(error)" == "fcm_service_account: its \"\(name)\" holds a control character")
        }
    }

    @Test(arguments: ["fcm", "apns", "webpush"])
    func whatIsTooLongIsRefused(_ service: String) async throws {
        let server = try PushServer()
        let channel = try Pushing.channel(server.settings)
        let token = service == "webpush" ? server.subscription("x") : "\(service):x"
        for (length, isTaken) in [(3_700, true), (4_096, false)] {
            let body = Value.Member("body", .string(String(repeating: "b", count: length)))
            let delivery = await channel.deliver(Pushing.message([token], [body]))
            #expect(delivery.outcome.isAccepted == isTaken, "\(length)")
            if !isTaken { #expect(delivery.outcome.reason.contains("bytes")) }
        }
        let nothing = await channel.deliver(Pushing.message([token], []))
        #expect(nothing.outcome.reason.hasPrefix("title and body are both empty"))
        channel.stop()
    }
}
