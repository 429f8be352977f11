import Foundation
import Testing

/// 14: campaigns that are deleted, pruned, or held since nobody can serve them, from outside.
struct LeavingTests {
    private static func campaign(
        _ id: String,
        on trigger: String = "{type: custom_event, event: e}",
        delay: String = "1h"
    )
        -> String
    {
        """
        campaign: \(id)
        trigger: \(trigger)
        delay: \(delay)
        re_eligibility: {after: 0s}
        messages: [{channel: in_app, title: hello}]

        """
    }

    /// A folder of plug-ins without those.
    private static func plugins(in daemon: DaemonProcess, without missing: String...) throws -> String {
        let folder = daemon.folder.appending(path: "plugins-\(missing.count)")
        let files = FileManager.default
        try files.createDirectory(
            at: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755]
        )
        let built = URL(fileURLWithPath: DaemonProcess.binary).deletingLastPathComponent()
        for name in ["trigger-custom-event", "trigger-purchase", "channel-in-app"] where !missing.contains(name) {
            try files.copyItem(at: built.appending(path: "lib\(name).so"), to: folder.appending(path: "\(name).so"))
        }
        return folder.path
    }

    private static func apply(_ text: String, to daemon: DaemonProcess) throws {
        let run = try daemon.run("apply", "-", input: text)
        #expect(run.status == 0, "\(run.err)")
    }

    private static func campaigns(_ daemon: DaemonProcess) throws -> [String] {
        try daemon.run("campaigns", "--json").json.compactMap { $0["campaign"] as? String }
    }

    /// Versions in the store.
    private static func records(_ daemon: DaemonProcess) throws -> Int {
        try DaemonProcess.run(["dump", daemon.data, "--kind", "campaigns"]).json.count
    }

    @Test("a campaign is deleted: what waits ends, what names it keeps it, and its name is free")
    func delete() throws {
        let daemon = try DaemonProcess()
        try daemon.start()
        try Self.apply(Self.campaign("a", delay: "0s") + "---\n" + Self.campaign("b"), to: daemon)
        try Self.apply(Self.campaign("follow", on: "{type: conversion, campaign: a}"), to: daemon)
        #expect(try daemon.run("track", "--user", "u", "--event", "e").status == 0)
        let refused = try daemon.run("campaigns", "delete", "a")
        #expect(refused.status == 1)
        #expect(refused.err.contains("a is named by follow (trigger.campaign)"), "\(refused.err)")
        #expect(try daemon.run("campaigns", "delete", "follow").status == 0)
        let first = try daemon.run("campaigns", "delete", "a", "--json").json
        #expect(first.first?["deleted"] as? Bool == true)
        #expect(first.first?["waiting"] as? Int == 1)
        #expect(try daemon.run("campaigns", "delete", "b").out == "b: deleted; 1 messages waited\n")
        try daemon.wait("what waits ends") {
            try daemon.codes("u").filter { $0 == "campaign_deleted" }.count == 2
        }
        #expect(try daemon.codes("u", "a") == ["campaign_deleted", "queued_in_app", "scheduled"])
        #expect(try Self.campaigns(daemon) == [])
        #expect(try daemon.run("campaigns", "delete", "a").status == 1)
        #expect(try daemon.run("inbox", "u").out.contains("nothing to show"))
        // Nobody received the next one of that name; and a crash changes nothing of it.
        try Self.apply(Self.campaign("a", delay: "0s"), to: daemon)
        daemon.kill()
        try daemon.start()
        #expect(try Self.campaigns(daemon) == ["a"])
        #expect(try daemon.run("track", "--user", "u", "--event", "e").status == 0)
        #expect(try daemon.codes("u", "a").first == "queued_in_app")
        try daemon.wait("the deleted ones leave") { try Self.records(daemon) == 1 }
    }

    @Test("a version leaves the store when the last that waits under it has ended")
    func version() throws {
        let daemon = try DaemonProcess()
        try daemon.start()
        try Self.apply(Self.campaign("a"), to: daemon)
        #expect(try daemon.run("track", "--user", "u", "--event", "e").status == 0)
        try Self.apply(Self.campaign("a", delay: "2h"), to: daemon)
        try Self.apply(Self.campaign("a", delay: "3h"), to: daemon)
        try daemon.wait("nothing ever waited for the second") { try Self.records(daemon) == 2 }
        daemon.kill()
        try daemon.start()
        #expect(try Self.records(daemon) == 2)
        #expect(try daemon.run("users", "delete", "u").status == 0)
        try daemon.wait("the first leaves") { try Self.records(daemon) == 1 }
    }

    @Test("--prune deletes what no file has, and nothing where there is no file, or a file names it")
    func prune() throws {
        let daemon = try DaemonProcess(Self.campaign("kept"))
        try daemon.start()
        try Self.apply(Self.campaign("gone"), to: daemon)
        #expect(daemon.stop() == 0)
        try daemon.start("--prune")
        #expect(try Self.campaigns(daemon) == ["kept"])
        try Self.apply(Self.campaign("gone"), to: daemon)
        let folder = daemon.folder.appending(path: "campaigns").path
        let pruned = try daemon.run("campaigns", "apply", folder, "--prune")
        #expect(pruned.out == "kept: unchanged\ngone: deleted\n")
        #expect(daemon.stop() == 0)
        try FileManager.default.removeItem(atPath: folder + "/0.yaml")
        #expect(throws: DaemonProcess.DidNotStart.self) { try daemon.start("--prune") }
        try daemon.start()
        #expect(try Self.campaigns(daemon) == ["kept"])
    }

    @Test("what no loaded plug-in serves is held, says so, and goes on once it is served or corrected")
    func held() throws {
        let daemon = try DaemonProcess()
        let all = try Self.plugins(in: daemon)
        let some = try Self.plugins(in: daemon, without: "trigger-purchase")
        try daemon.start("--plugins", all)
        try Self.apply(
            Self.campaign("a", on: "{type: purchase}", delay: "1s") + "---\n"
                + Self.campaign("b", on: "{type: purchase}", delay: "1s"),
            to: daemon
        )
        let buy = #"{"user": "u", "type": "purchase", "product_id": "p", "price": 1, "currency": "EUR"}"# + "\n"
        #expect(try daemon.run("track", "-", input: buy).status == 0)
        #expect(daemon.stop() == 0)
        try daemon.start("--plugins", some)
        #expect(try daemon.run("track", "-", input: buy).status == 0)
        let list = try daemon.run("campaigns", "--json").json
        #expect(list.map { $0["state"] as? String } == ["held", "held"])
        #expect(try daemon.run("campaigns").out.contains("held: campaign a: trigger"))
        let health = try daemon.run("health", "--json")
        #expect(health.status == 0)
        #expect(health.json.first?["held_count"] as? Int == 2)
        let log = try String(contentsOf: daemon.folder.appending(path: "log"), encoding: .utf8)
        #expect(log.split(separator: "\n").filter { $0.contains("it is held") }.count == 2)
        // Their time passes, and they wait.
        Thread.sleep(forTimeInterval: 1.2)
        #expect(try daemon.run("track", "--user", "u", "--event", "e").status == 0)
        #expect(try daemon.codes("u") == ["scheduled", "scheduled"])
        try Self.apply(Self.campaign("b", delay: "1s"), to: daemon)
        try daemon.wait("what waits of the corrected one goes on") {
            try daemon.codes("u", "b") == ["queued_in_app", "scheduled"]
        }
        #expect(try daemon.codes("u", "a") == ["scheduled"])
        #expect(daemon.stop() == 0)
        try daemon.start("--plugins", all)
        try daemon.wait("what waits of the other goes on once it is served") {
            try daemon.codes("u", "a") == ["queued_in_app", "scheduled"]
        }
        #expect(try daemon.run("health", "--json").json.first?["held_count"] as? Int == 0)
    }
}
