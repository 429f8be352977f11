import Foundation
import Testing

/// What is kept of a user: shown, exported, forgotten.
struct UsersTests {
    @Test("get, export and delete a user")
    func users() throws {
        let daemon = try DaemonProcess(slow)
        try daemon.start()
        try daemon.run("track", "--user", "u1", "--event", "add_to_cart", "--set", "email=u1@example.com")
        try daemon.run("track", "--user", "u1", "--session-start", "--at", "1970-01-01T00:00:00Z")

        let shown = try daemon.run("users", "get", "u1")
        #expect(shown.status == 0)
        #expect(shown.out.hasPrefix("u1\n  email: u1@example.com\n"), "\(shown.out)")
        #expect(shown.out.contains("\nwaits: slow  version 1, send "))
        let json = try #require(try daemon.run("users", "get", "u1", "--json").json.first)
        #expect((json["profile"] as? [String: Any])?["email"] as? String == "u1@example.com")
        #expect((json["waiting"] as? [[String: Any]])?.first?["campaign"] as? String == "slow")
        #expect(json["last_session"] as? String == "1970-01-01T00:00:00.000Z")

        let exported = try daemon.run("users", "export", "u1").json
        #expect(exported.map { $0["kind"] as? String } == ["user", "decision", "event", "event"])
        #expect(exported[1]["decision"] as? String == "scheduled")

        let deleted = try daemon.run("users", "delete", "u1")
        #expect(
            deleted.status == 0
                && deleted.out == "u1 is forgotten: the profile, what waited, and everything that was kept\n"
        )
        #expect(try daemon.run("users", "get", "u1").status == 1)
        let again = try daemon.run("users", "delete", "u1", "--json")
        #expect(again.status == 0 && again.json.first?["existed"] as? Bool == false)
        #expect(try daemon.run("users", "export", "u1").status == 1)
    }
}
