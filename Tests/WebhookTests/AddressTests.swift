import CHTTP
import Foundation
import PluginKit
import Testing
import Webhook

/// What a URL that an event or a profile made may lead to.
@Suite struct AddressTests {
    private static func isPublic(_ text: String) throws -> Bool {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(text, nil, &hints, &found) == 0, let found else { throw Missing("\(text) is no address") }
        defer { freeaddrinfo(found) }
        return chttp_is_public(found.pointee.ai_addr)
    }

    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "10.0.0.0", "10.255.255.255", "100.64.0.1", "100.127.255.255", "100.100.100.200",
        "127.0.0.1", "127.255.255.254", "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255",
        "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
        "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::7f00:1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:7f00:1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1", "100::1", "2001::1", "2001:1ff::1", "2001:db8::1", "2002:7f00:1::1", "2002:808:808::1",
        "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "4000::1",
    ])
    func whatIsNotOnTheInternet(_ address: String) throws {
        #expect(try !Self.isPublic(address))
    }

    @Test(arguments: [
        "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
        "168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",
        "192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
        "2001:200::1", "2001:db7::1", "2003::1", "2606:4700::1111", "3ffe::1", "3fff:1000::1", "::ffff:1.1.1.1",
        "64:ff9b::101:101",
    ])
    func whatIs(_ address: String) throws {
        #expect(try Self.isPublic(address))
    }

    /// Whatever addresses its interfaces have.
    @Test func noAddressOfThisMachineIs() throws {
        var own: UnsafeMutablePointer<ifaddrs>?
        #expect(getifaddrs(&own) == 0)
        defer { freeifaddrs(own) }
        var count = 0
        var next = own
        while let each = next {
            if let address = each.pointee.ifa_addr {
                #expect(!chttp_is_public(address))
                count += 1
            }
            next = each.pointee.ifa_next
        }
        #expect(count > 0)
    }

    private static let refusal = Outcome.refused(
        "url: its host is an address of this machine, of a private network or of no network at all, "
            + "see webhook.allow_local"
    )

    /// The text says little: what counts is the address that is connected to.
    @Test(arguments: [
        "localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "017700000001",
        "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1",
        ProcessInfo.processInfo.hostName,
    ])
    func whatATemplateMadeDoesNotLeadHere(_ host: String) async throws {
        let receiver = try Receiver()
        let channel = try Hook.channel()
        let url = "http://\(host):\(receiver.port)/a"
        for lead in [0, 7, url.utf8.count - 2] {
            let message = Hook.message([("url", .string(url))], leads: ["url": lead])
            #expect(await channel.deliver(message).outcome == Self.refusal)
        }
        channel.stop()
        #expect(try receiver.stop().isEmpty)
    }

    /// A connection that the operator's own URL opened is no way in for another's.
    @Test func theOperatorsOwnURLsLeadAnywhere() async throws {
        let receiver = try Receiver()
        let channel = try Hook.channel([
            ("secret", .string(Receiver.secret)), ("url", .string(receiver.url("setting"))),
        ])
        let place = "http://localhost:\(receiver.port)"
        let own: [([(String, Value)], [String: Int])] = [
            ([], [:]), ([("url", .string(place + "/constant"))], [:]),
            ([("url", .string(place + "/u1"))], ["url": place.utf8.count + 1]),
            ([("url", .string(place + "?user=u1"))], ["url": place.utf8.count + 6]),
            ([("url", .string(place))], ["url": place.utf8.count]),
        ]
        for (fields, leads) in own {
            #expect(await channel.deliver(Hook.message(fields, leads: leads)).outcome == .accepted(id: ""))
        }
        let made = Hook.message([("url", .string(place + "/made"))], leads: ["url": place.utf8.count])
        #expect(await channel.deliver(made).outcome == Self.refusal)
        channel.stop()
        let requests = try receiver.stop()
        #expect(requests.map(\.path) == ["/setting", "/constant", "/u1", "/?user=u1", "/"])
        #expect(Set(requests.map { $0.object["connection"] as? Int }).count == 1, "on one connection")
    }

    @Test func itIsForWhoWantsIt() async throws {
        let receiver = try Receiver()
        let channel = try Hook.channel([("secret", .string(Receiver.secret)), ("allow_local", .boolean(true))])
        let message = Hook.message([("url", .string(receiver.url("a")))], leads: ["url": 0])
        #expect(await channel.deliver(message).outcome == .accepted(id: ""))
        channel.stop()
        #expect(try receiver.stop().count == 1)
    }
}
