import Foundation
import Testing

/// Every message from ready to outcome, through crashes, with a channel that does what it is told.
@Suite(.serialized)
struct OutboxTests {
    @Test("kill -9 while the provider has it: it goes again under its key")
    func again() throws {
        let script = try ScriptedChannel()
        try script.tell("hang")
        try script.start()
        try script.event("u")
        try script.daemon.wait("the first try") { script.sent.count == 1 }
        script.daemon.kill()
        try script.tell("accept")
        try script.start()
        try script.daemon.wait("the second try") { script.sent.count == 2 }
        #expect(script.sent[0].key == script.sent[1].key)
        try script.daemon.wait("its outcome") { try script.daemon.codes("u").first == "delivered" }
        script.daemon.kill()
        try script.start()
        try script.event("v")
        try script.daemon.wait("another user's") { script.sent.last?.user == "v" }
        #expect(script.sent.count == 3)
    }

    @Test("never again: after a crash it is a dead letter, and goes when an operator says so")
    func neverAgain() throws {
        let script = try ScriptedChannel("scripted_once")
        try script.tell("hang")
        try script.start()
        try script.event("u")
        try script.daemon.wait("the only try") { script.sent.count == 1 }
        script.daemon.kill()
        try script.tell("accept")
        try script.start()
        try script.daemon.wait("its end") { try script.daemon.codes("u").first == "provider_gave_up" }
        #expect(script.sent.count == 1)
        let failed = try script.daemon.run("failed", "--json").json
        #expect(failed.count == 1)
        #expect((failed.first?["reason"] as? String)?.contains("nobody knows") == true)
        #expect((failed.first?["fields"] as? [String: String]) == ["text": "x"])
        let redriven = try script.daemon.run("redrive", failed.first?["id"] as? String ?? "")
        #expect(redriven.status == 0, "\(redriven.err)")
        try script.daemon.wait("the operator's try") { script.sent.count == 2 }
        #expect(script.sent[0].key == script.sent[1].key)
        try script.daemon.wait("its outcome") { try script.daemon.codes("u").first == "delivered" }
        #expect(try script.daemon.run("failed", "--json").json.isEmpty)
    }

    @Test("an operator's policy beats the channel's: a channel that never sends again does")
    func policy() throws {
        let script = try ScriptedChannel("scripted_once")
        try script.tell("hang")
        try script.start("unknown_outcome=again")
        try script.event("u")
        try script.daemon.wait("the first try") { script.sent.count == 1 }
        script.daemon.kill()
        try script.tell("accept")
        try script.start("unknown_outcome=again")
        try script.daemon.wait("its outcome") { try script.daemon.codes("u").first == "delivered" }
        #expect(script.sent.count == 2)
    }

    @Test("a pause that the provider asked for survives kill -9")
    func pause() throws {
        let script = try ScriptedChannel()
        try script.tell("hour")
        try script.start()
        try script.event("u")
        try script.daemon.wait("its pause") { try script.daemon.codes("u").first == "deferred_provider" }
        script.daemon.kill()
        try script.tell("accept")
        try script.start()
        try script.event("v")
        try script.daemon.wait("another user's") { try script.daemon.codes("v").first == "delivered" }
        #expect(script.sent.map(\.user) == ["u", "v"])
        let kept = try script.daemon.run("dump", script.daemon.data, "--kind", "outbox").json
        #expect(kept.first?["attempts"] as? Int == 1)
    }

    @Test("one user's messages keep their order while the first is tried again; another user's overtake")
    func order() throws {
        let script = try ScriptedChannel()
        try script.tell("later")
        try script.start()
        try script.event("u", text: "1")
        try script.daemon.wait("the first try") { script.sent.count == 1 }
        try script.event("u", text: "2")
        try script.tell("accept")
        try script.event("v")
        try script.daemon.wait("all of them") { script.sent.count == 4 }
        let keys = script.sent.map(\.key)
        #expect(script.sent[1].user == "v")
        #expect(keys[0] == keys[2] && keys[3] != keys[0])
        #expect(script.sent[2].attempt == 2)
        try script.daemon.wait("accounts") {
            try script.daemon.codes("u").filter { $0 == "delivered" }.count == 2
        }
    }

    @Test("whoever unsubscribes while a message waits for its next try does not get it")
    func unsubscribed() throws {
        let script = try ScriptedChannel()
        try script.tell("hour")
        try script.start()
        try script.event("u")
        try script.daemon.wait("its pause") { try script.daemon.codes("u").first == "deferred_provider" }
        try script.daemon.run("track", "--user", "u", "--set", "push_subscription=unsubscribed")
        try script.daemon.wait("its end") { try script.daemon.codes("u").first == "unsubscribed" }
        #expect(script.sent.count == 1)
        #expect(try script.daemon.run("failed", "--json").json.isEmpty)
        #expect(try script.daemon.run("dump", script.daemon.data, "--kind", "outbox").json.isEmpty)
    }

    @Test("tokens that are dead leave the profile, and are not tried again")
    func deadTokens() throws {
        let script = try ScriptedChannel()
        try script.tell("dead")
        try script.start()
        try script.event("u")
        try script.daemon.wait("its outcome") { try script.daemon.codes("u").first == "delivered" }
        #expect(try script.daemon.run("explain", "u").out.contains(#"dead_addresses: ["t-u"]"#))
        try script.daemon.run("track", "--user", "u", "--event", "e", "--property", "text=y")
        try script.daemon.wait("the next") { script.sent.count == 2 }
        #expect(script.sent[0].addresses == ["t-u", "s-u"])
        #expect(script.sent[1].addresses == ["s-u"])
    }

    @Test("refused for good: a dead letter with payload and reason; a campaign's are sent again together")
    func redrive() throws {
        let script = try ScriptedChannel()
        try script.tell("refuse")
        try script.start()
        for user in ["a", "b", "d"] { try script.event(user) }
        try script.daemon.wait("three ends") { try script.daemon.run("failed", "--json").json.count == 3 }
        #expect(try script.daemon.run("failed", "--user", "b", "--json").json.count == 1)
        #expect(try script.daemon.run("failed", "--campaign", "other").out == "no such message failed\n")
        try script.daemon.run("track", "--user", "b", "--set", "push_subscription=unsubscribed")
        try script.tell("accept")
        let run = try script.daemon.run("redrive", "--campaign", "c")
        #expect(run.status == 1)
        #expect(run.out == "2 of 3 messages are sent again\n")
        #expect(run.err.contains("unsubscribed"))
        try script.daemon.wait("their outcomes") {
            try ["a", "d"].allSatisfy { try script.daemon.codes($0).first == "delivered" }
        }
        #expect(try script.daemon.run("failed", "--json").json.map { $0["user"] as? String } == ["b"])
        let accounts = try script.daemon.run("campaigns", "--json").json
        let text = String(describing: accounts)
        #expect(text.contains("delivered = 2") || text.contains("\"delivered\": 2"), "\(text)")
        #expect(try script.daemon.run("redrive").status == 2)
    }

    @Test("a user who is deleted leaves no dead letter, and no message that is put off")
    func deleted() throws {
        let script = try ScriptedChannel()
        try script.tell("refuse")
        try script.start()
        try script.event("u")
        try script.event("v")
        try script.daemon.wait("two ends") { try script.daemon.run("failed", "--json").json.count == 2 }
        try script.tell("hour")
        try script.event("u")
        try script.daemon.wait("its pause") { try script.daemon.codes("u").first == "deferred_provider" }
        let wire = try Wire(script.daemon.socket)
        try wire.send(stream: 1, "triggerd.v1.Users", "Delete", Wire.field(1, Array("u".utf8)))
        #expect(try wire.answer().code == 0)
        try script.daemon.wait("what is left") {
            try script.daemon.run("failed", "--json").json.map { $0["user"] as? String } == ["v"]
                && script.daemon.run("dump", script.daemon.data, "--kind", "outbox").json.isEmpty
        }
        let campaign = try script.daemon.run("campaigns", "--json").json.first
        #expect(campaign?["waiting"] as? Int == 0, "\(String(describing: campaign))")
    }

    @Test("a channel that blocks for ever does not keep the daemon from ending")
    func stuck() throws {
        let script = try ScriptedChannel()
        try script.tell("stuck")
        try script.start()
        try script.event("u")
        try script.daemon.wait("the send") { script.sent.count == 1 }
        let begin = Date()
        #expect(script.daemon.stop() == 0)
        #expect(Date().timeIntervalSince(begin) < 20)
        try script.tell("accept")
        try script.start()
        try script.daemon.wait("its outcome") { try script.daemon.codes("u").first == "delivered" }
    }

    @Test("a provider that is down: messages wait, health says why, and nothing else is held up")
    func down() throws {
        let script = try ScriptedChannel()
        try script.tell("down")
        try script.start()
        try script.event("u")
        try script.daemon.wait("health") {
            try script.daemon.run("health").out.contains("degraded: scripted: as told: down")
        }
        let health = try script.daemon.run("health", "--json")
        #expect(health.status == 0)
        #expect(health.json.first?["serving"] as? Bool == true)
        try script.event("v")
        try script.tell("accept")
        try script.daemon.wait("both") {
            try ["u", "v"].allSatisfy { try script.daemon.codes($0).first == "delivered" }
        }
        #expect(try script.daemon.run("health").out == "serving\n")
    }

    @Test("give_up_after: a message that no provider takes is given up then, and is a dead letter")
    func givesUp() throws {
        let script = try ScriptedChannel()
        try script.tell("later")
        try script.start("give_up_after=2s")
        try script.event("u")
        try script.daemon.wait("its end") { try script.daemon.codes("u").first == "provider_gave_up" }
        let failed = try script.daemon.run("failed", "--json").json
        #expect((failed.first?["reason"] as? String)?.hasPrefix("as told: later") == true)
    }

    @Test("a secret stands in no outcome, log or answer, and on no command line")
    func secret() throws {
        let script = try ScriptedChannel()
        let file = script.daemon.folder.appending(path: "secret")
        try Data("correct-horse-battery\n".utf8).write(to: file)
        chmod(file.path, 0o600)
        try script.tell("refuse")
        try script.start("secret_file=\(file.path)")
        try script.event("u")
        try script.daemon.wait("its end") { try script.daemon.codes("u").first == "provider_rejected" }
        let printed = try [["explain", "u"], ["failed"], ["failed", "--json"], ["plugins"], ["health", "--json"]]
            .map { try DaemonProcess.run($0, environment: ["TRIGGERD_SOCKET": script.daemon.socket]) }
            .map { $0.out + $0.err }.joined()
        #expect(printed.contains("[secret]"))
        #expect(!printed.contains("battery"))
        #expect(script.daemon.stop() == 0)
        let log = try String(contentsOf: script.daemon.folder.appending(path: "log"), encoding: .utf8)
        #expect(!log.contains("battery"))
        let refused = try DaemonProcess.run([
            "serve", "--data", script.daemon.data, "--socket", script.daemon.socket, "--set",
            "email.password=correct-horse-battery",
        ])
        #expect(refused.status == 1)
        #expect(refused.err.contains("email.password_file"))
        #expect(!refused.err.contains("battery"))
    }

    @Test(
        "settings that every channel has are checked at the start, each by its name",
        arguments: [
            ("concurrency=0", "scripted.concurrency: 0 is not within 1 to 8"),
            ("concurrency=many", "scripted.concurrency: must be a whole number"),
            ("per_second=-1", "scripted.per_second: -1.0 is not within"),
            ("per_second=1e-17", "scripted.per_second: 1e-17 is not within 0.001 to 1000000"),
            ("give_up_after=80h", "scripted.give_up_after: 80h is no length of time up to 72h"),
            (
                "unknown_outcome=perhaps",
                "scripted.unknown_outcome: \"perhaps\" is none of again, a_few_times, never_again"
            ),
            ("secret_file=/nowhere", "scripted.secret_file: /nowhere cannot be read: No such file or directory; "),
            ("secret_file=/etc", "scripted.secret_file: /etc is a folder; "),
            ("secret_file=/dev/null", "scripted.secret_file: /dev/null is empty; "),
            ("folder=", "it cannot start: scripted.folder is empty; "),
        ]
    )
    func settings(setting: String, says: String) throws {
        let script = try ScriptedChannel()
        #expect(throws: DaemonProcess.DidNotStart.self) { try script.start(setting) }
        let log = try String(contentsOf: script.daemon.folder.appending(path: "log"), encoding: .utf8)
        #expect(log.contains(says), "\(log)")
    }

    @Test("a channel that blocks or hangs delays no other channel's messages")
    func isolation() throws {
        let script = try ScriptedChannel()
        try script.tell("block")
        try script.start()
        let letters = """
            campaign: letters
            trigger: {type: custom_event, event: letter}
            re_eligibility: {after: 0s}
            messages: [{channel: email, subject: s, body: b}]
            """
        #expect(try script.daemon.run("apply", "-", input: letters).status == 0)
        try script.event("u")
        try script.daemon.wait("the block") { script.sent.count == 1 }
        let begin = Date()
        try script.daemon.run("track", "--user", "v", "--set", "email=v@example.com", "--event", "letter")
        try script.daemon.wait("the letter") { try script.daemon.codes("v").first == "delivered" }
        #expect(Date().timeIntervalSince(begin) < 2.5)
        #expect(try script.daemon.codes("u").first == "scheduled")
    }

    @Test("14, 10.3: a slot that comes back goes to the head of the queue at once")
    func slotComesBack() throws {
        let script = try ScriptedChannel()
        let file = script.daemon.folder.appending(path: "campaigns/0.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        try Data((text + "\nrate_limit: {per_minute: 1}\n").utf8).write(to: file)
        try script.tell("later")
        try script.start()
        // Within one minute, or the next one's slot would go to the head anyway.
        while Int(Date().timeIntervalSince1970) % 60 > 50 { Thread.sleep(forTimeInterval: 0.5) }
        let minute = Int(Date().timeIntervalSince1970) / 60
        try script.event("u")
        try script.daemon.wait("the first try of the minute's send") { script.sent.count == 1 }
        try script.event("v")
        #expect(try script.daemon.codes("v") == ["deferred_rate_limit", "scheduled"])
        try script.tell("refuse")
        try script.daemon.wait("the try that is refused") { try script.daemon.codes("u").first == "provider_rejected" }
        try script.daemon.wait("the head of the queue") { script.sent.map(\.user) == ["u", "u", "v"] }
        #expect(Int(Date().timeIntervalSince1970) / 60 == minute)
    }

    @Test("10.6: what is a's never goes to a phone that b has signed in on, whether it is sent or tried again")
    func tokenMoves() throws {
        let script = try ScriptedChannel()
        func register(_ user: String, _ tokens: String) throws {
            let item = #"{"user": "\#(user)", "type": "attributes", "set": {"push_tokens": [\#(tokens)]}}"#
            #expect(try script.daemon.run("track", "-", input: item + "\n").status == 0)
        }
        func event(_ user: String) throws {
            #expect(try script.daemon.run("track", "--user", user, "--event", "e", "--property", "text=x").status == 0)
        }
        try script.tell("later")
        try script.start()
        try register("a", #""phone", "tablet""#)
        try event("a")
        try script.daemon.wait("the first try") { script.sent.map(\.addresses) == [["phone", "tablet"]] }
        try register("b", #""phone""#)
        try script.tell("accept")
        try script.daemon.wait("the next try") { script.sent.count == 2 }
        #expect(script.sent[1].addresses == ["tablet"])
        try script.daemon.wait("its outcome") { try script.daemon.codes("a").first == "delivered" }

        // On disk as in memory.
        try script.tell("later")
        try event("a")
        try script.daemon.wait("a try") { script.sent.count == 3 }
        script.daemon.kill()
        try script.tell("accept")
        try script.start()
        try register("b", #""phone", "tablet""#)
        try script.daemon.wait("its end") { try script.daemon.codes("a").first?.hasPrefix("deferred") == false }
        #expect(script.sent.dropFirst(3).allSatisfy { $0.user != "a" } || script.sent[3].addresses == ["tablet"])
        try event("a")
        #expect(try script.daemon.codes("a").first == "no_push_token")
        try event("b")
        try script.daemon.wait("b's own") { script.sent.last?.user == "b" }
        #expect(script.sent.last?.addresses == ["phone", "tablet"])
    }
}
