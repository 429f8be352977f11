import Foundation
import PluginKit
import Push
import Testing

/// Which service a message is for, as the host asks it and as outcomes name it.
@Suite struct ServiceTests {
    private static let mozilla = "https://updates.push.services.mozilla.com"

    private func token(_ json: String) -> String { "webpush:" + json }

    private func subscription(_ endpoint: String) -> String {
        token("{\"endpoint\":\"\(endpoint)\",\"keys\":{\"p256dh\":\"x\",\"auth\":\"y\"}}")
    }

    private func settings() throws -> [String: String] {
        let server = try PushServer()
        defer { _ = try? server.stop() }
        return server.settings
    }

    @Test func aMessageIsOfItsTokensServices() throws {
        let channel = try Pushing.channel(settings())
        defer { channel.stop() }
        func service(_ tokens: String...) -> String { channel.service(of: Pushing.message(tokens)) }

        #expect(service("fcm:a") == "fcm")
        #expect(service("apns:a", "apns:b") == "apns")
        #expect(service(subscription(Self.mozilla + "/wpush/v2/a")) == Self.mozilla)
        #expect(service(subscription(Self.mozilla + ":443/a")) == Self.mozilla)
        #expect(service(subscription("https://Push.example.com:8443/a")) == "https://push.example.com:8443")
        #expect(service("fcm:a", subscription(Self.mozilla + "/a"), "apns:b", "fcm:c") == "apns+fcm+\(Self.mozilla)")
        #expect(service() == "")
        #expect(service("t1") == "")
        #expect(service("t1", "fcm:a") == "fcm")
        let many = (0..<20).map { subscription("https://push-\($0).example.com/") }
        #expect(channel.service(of: Pushing.message(many)).utf8.count == 200)
    }

    /// However it is written, it is what the whole JSON says.
    @Test func anEndpointIsFoundWhereverItStands() throws {
        let channel = try Pushing.channel(settings())
        defer { channel.stop() }
        func service(_ token: String) -> String { channel.service(of: Pushing.message([token])) }

        #expect(service(token("{ \"keys\": {}, \"endpoint\": \"https://a.example/x\" }")) == "https://a.example")
        #expect(service(token(#"{"endpoint":"https:\/\/a.example\/x"}"#)) == "https://a.example")
        #expect(
            service(token(#"{"endpoint":"https://a.example/","endpoint":"https://b.example/"}"#)) == "https://b.example"
        )
        #expect(
            service(token(#"{"endpoint":"https://a.example/","endp\u006fint":"https://b.example/"}"#))
                == "https://b.example"
        )
        let inBase64 = Data(#"{"endpoint":"https://a.example/"}"#.utf8).base64EncodedString()
        #expect(service(token(inBase64)) == "https://a.example")
        for bad in ["", "{", "!", #"{"endpoint":1}"#, #"{"endpoint":"a.example"}"#] {
            #expect(service(token(bad)) == "webpush", "\(bad)")
        }
    }

    @Test func withNoServiceSetThereIsOneAlone() throws {
        let folder = try Folder()
        let channel = try Pushing.channel(["data_folder": folder.url.path])
        #expect(channel.service(of: Pushing.message(["fcm:a", "apns:b"])) == "")
    }

    @Test(arguments: [
        "http://localhost", "https://localhost", "https://a.localhost", "https://127.1", "https://2130706433",
        "https://0x7f000001", "https://10.1.2.3", "https://169.254.169.254", "https://[::1]", "https://[fd00::1]",
        "https://[::ffff:10.0.0.1]", "https://\(ProcessInfo.processInfo.hostName)",
    ])
    func anEndpointOnThisMachineOrNetworkIsRefused(_ base: String) async throws {
        let server = try PushServer()
        var settings = server.settings
        settings["allow_local"] = nil
        let channel = try Pushing.channel(settings)
        let delivery = await channel.deliver(server.subscription("a").replacing(server.origin, with: base))
        guard case .refused(let reason) = delivery.outcome, reason.hasSuffix("see push.allow_local") else {
            Issue.record("\(delivery)")
            return
        }
        #expect(delivery.deadTokens.isEmpty)
        #expect(delivery.service == base.lowercased())
        channel.stop()
        #expect(try server.stop().isEmpty)
    }

    @Test(arguments: ["allow_local", "webpush_loopback"])
    func endpointsOnThisMachineAreForWhoWantsThem(_ setting: String) async throws {
        let server = try PushServer()
        var settings = server.settings
        settings["allow_local"] = nil
        settings[setting] = "true"
        let channel = try Pushing.channel(settings)
        #expect(await channel.deliver(server.subscription("a")).outcome.isAccepted)
        channel.stop()
        #expect {
            try Pushing.channel([setting: "true", "data_folder": "/tmp"])
        } throws: { error in
            "\(error)" == "\(setting) is of no use without webpush_key"
        }
    }
}
