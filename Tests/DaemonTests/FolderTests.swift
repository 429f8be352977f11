import Foundation
import Testing

/// Folders that builds of earlier commits wrote (`Fixtures/folders/write.py`), opened by the daemon of today.
@Suite(.serialized)
struct FolderTests {
    /// A folder as kill -9 left it, and a machine on which it is two seconds later.
    private static func machine(_ name: String) throws -> Machine {
        let machine = try Machine()
        let archive = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/folders/\(name).tar.gz")
        let tar = Process()
        tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        tar.arguments = ["tar", "-xpzf", archive.path, "--no-same-owner", "-C", machine.daemon.folder.path]
        try tar.run()
        tar.waitUntilExit()
        #expect(tar.terminationStatus == 0)
        try machine.set(by: later(machine, by: 2))
        return machine
    }

    /// The clock's offset at which it is so long after the folder was written.
    private static func later(_ machine: Machine, by seconds: Int64) throws -> Int64 {
        let text = try String(contentsOfFile: machine.daemon.data + "/written-at", encoding: .utf8)
        let written = try #require(Int64(text.trimmingCharacters(in: .newlines)))
        return written + seconds - Int64(Date().timeIntervalSince1970)
    }

    private static func subjects(_ daemon: DaemonProcess) throws -> [String: Int] {
        let lines = try daemon.letters().compactMap { letter in
            letter.split(whereSeparator: \.isNewline).first { $0.hasPrefix("Subject: ") }?.dropFirst(9)
        }
        return Dictionary(lines.map { (String($0), 1) }, uniquingKeysWith: +)
    }

    @Test(
        "a folder of an earlier build is opened: what was there is shown, and what waited is sent",
        arguments: ["format-1", "format-2", "format-3", "format-4", "format-5"]
    )
    func opens(name: String) throws {
        let machine = try Self.machine(name)
        let daemon = machine.daemon
        try daemon.start(arguments: [], environment: machine.environment)
        #expect(try daemon.run("health").out == "serving\n")

        // What was there.
        #expect(try daemon.codes("ann", "cart") == ["scheduled", "scheduled"])
        #expect(try daemon.codes("bob", "cart") == ["cancelled_by_exception", "scheduled"])
        #expect(try daemon.codes("cleo", "welcome").contains("converted"))
        #expect(try daemon.codes("epoch", "stopped-once") == ["scheduled", "campaign_stopped", "scheduled"])
        #expect(try daemon.codes("control", "held-out").first == "control_group")
        #expect(try daemon.codes("bad", "bought").contains("provider_rejected"))
        #expect(try daemon.codes("near", "cart") == ["property_filter_mismatch"])
        #expect(try daemon.run("users", "get", "cleo").out.contains("Cléo"))
        #expect(try daemon.run("users", "get", "tokens").out.contains("token-2"))
        let cart = try #require(
            try daemon.run("campaigns", "--json").json.first { $0["campaign"] as? String == "cart" }
        )
        #expect(cart["version"] as? Int == 2)
        // Format 1 kept no message that was refused.
        let failed = try daemon.run("failed", "--json").json
        #expect(failed.compactMap { $0["user"] as? String } == (name == "format-1" ? [] : ["bad"]))
        // An item that is sent again after the upgrade is the one that was answered.
        let order = ["track", "--user", "dave", "--set", "email=dave@example.com", "--purchase", "chair"]
        let again = try DaemonProcess.run(
            order + ["--price", "80.5", "--currency", "EUR", "--id", "order-1", "--json"],
            environment: ["TRIGGERD_SOCKET": daemon.socket]
        )
        #expect(again.status == 0 && again.out.contains("\"result\": \"duplicate\""), "\(again.out)\(again.err)")

        // What a mail server had put off is sent, and what waits in the app is shown.
        try daemon.wait("the letters that were claimed") {
            try Self.subjects(daemon).filter { ["Thank you", "Limited"].contains($0.key) }
                == ["Thank you": 2, "Limited": 1]
        }
        try machine.set(by: Self.later(machine, by: 60))
        try daemon.wait("ann's message in the app, once its lease is over") {
            try daemon.run("inbox", "ann", "--device", "tablet").out.contains("Welcome")
        }

        // What waited is sent when it is due, in the words of its version.
        try machine.set(by: Self.later(machine, by: 3_700))
        var expected = [
            "Thank you": 2, "Limited": 2, "First cart": 1, "Second cart": 1, "Follow-up": 1, "Reminder": 1, "Near": 1,
        ]
        // Before format 3 nobody could be deleted.
        if ["format-1", "format-2"].contains(name) { expected["Second cart"] = 2 }
        try daemon.wait("the letters that were waited for") { try Self.subjects(daemon) == expected }
        #expect(try Self.subjects(daemon) == expected)
        #expect(daemon.stop() == 0)

        // It is one of today's format now.
        #expect(try DaemonProcess.run(["dump", daemon.data]).status == 0)
        try daemon.start(arguments: [], environment: machine.environment)
        #expect(try daemon.run("health").out == "serving\n")
        #expect(daemon.stop() == 0)
    }

    @Test("a folder of a newer build is refused, with both formats named and what to do, and is not touched")
    func newer() throws {
        let machine = try Self.machine("format-99")
        for command in [
            ["serve", "--data", machine.daemon.data, "--socket", machine.daemon.socket], ["dump", machine.daemon.data],
        ] {
            let refused = try DaemonProcess.run(command, environment: machine.environment)
            #expect(refused.status == 1)
            #expect(
                refused.err.contains("the data is of format 99, this program reads up to format 6")
                    && refused.err.contains("install a newer triggerd"),
                "\(refused.err)"
            )
        }
    }
}
