import Foundation
import Testing

/// 14, Identity: users, ids and names are told apart by their bytes, in memory and on disk.
struct IdentityTests {
    static let campaign = """
        campaign: welcome
        trigger: {type: custom_event, event: hello}
        re_eligibility: {after: 0s}
        messages:
          - {channel: email, subject: "hello", body: "hello"}
        """

    @Test("who chooses an id that Unicode calls equal gets no other user's letters, before or after a restart")
    func users() throws {
        let daemon = try DaemonProcess(Self.campaign)
        try daemon.start()
        let (kate, kelvin) = ("Kate", "\u{212A}ate")
        #expect(try daemon.run("track", "--user", kate, "--set", "email=kate@example.com").status == 0)
        #expect(try daemon.run("track", "--user", kelvin, "--set", "email=mallory@example.com").status == 0)
        #expect(try daemon.run("track", "--user", kate, "--event", "hello").status == 0)
        try daemon.wait("a letter") { try daemon.letters().count == 1 }
        #expect(try daemon.letters()[0].contains("kate@example.com"))
        #expect(daemon.stop() == 0)
        try daemon.start()
        #expect(try daemon.run("track", "--user", kate, "--event", "hello").status == 0)
        try daemon.wait("two letters") { try daemon.letters().count == 2 }
        #expect(try daemon.letters().allSatisfy { $0.contains("kate@example.com") })
        #expect(try daemon.codes(kelvin).isEmpty)
    }

    @Test("an idempotency id in another normal form is another id")
    func itemIDs() throws {
        let daemon = try DaemonProcess(Self.campaign)
        try daemon.start()
        func line(_ id: String) -> String {
            #"{"user": "u", "id": "\#(id)", "type": "custom_event", "event": "hello", "set": {"email": "u@example.com"}}"#
        }
        let (nfc, nfd) = ("jos\u{e9}", "jose\u{301}")
        let sent = try daemon.run("track", "-", "--json", input: [nfc, nfd, nfc].map(line).joined(separator: "\n"))
        #expect(sent.status == 0)
        #expect(sent.json.compactMap { $0["result"] as? String } == ["accepted", "accepted", "duplicate"])
        #expect(try daemon.codes("u").count { $0 == "scheduled" } == 2)
    }
}
