import Foundation
import Testing

/// A channel's code that ends the process: a supervisor starts the daemon again, and it goes on.
@Suite(.serialized)
struct ModuleCrashTests {
    private struct Letter: Equatable {
        var user: String
        var reason: String
    }

    /// Starts the daemon again whenever it has died, until `holds`; gives how often it died.
    private static func supervise(_ script: ScriptedChannel, until holds: () throws -> Bool) throws -> Int {
        var deaths = 0
        let end = Date(timeIntervalSinceNow: 60)
        while Date() < end {
            if try holds() { return deaths }
            if script.daemon.isRunning {
                Thread.sleep(forTimeInterval: 0.02)
                continue
            }
            deaths += 1
            // It may die before it is ready.
            do { try script.start() } catch is DaemonProcess.DidNotStart {}
        }
        Issue.record("after \(deaths) deaths it still does not hold")
        return deaths
    }

    private static func letters(_ script: ScriptedChannel) throws -> [Letter] {
        try script.daemon.run("failed", "--json").json.map {
            Letter(user: $0["user"] as? String ?? "", reason: $0["reason"] as? String ?? "")
        }
    }

    private static func isDelivered(_ script: ScriptedChannel, _ users: [String]) throws -> Bool {
        try users.allSatisfy { try script.daemon.codes($0).first == "delivered" }
    }

    @Test("at the third crash in a row its message is set aside, and the dead letter names the channel")
    func alone() throws {
        let script = try ScriptedChannel()
        try script.start()
        try script.tell("hour")
        try script.event("before")
        try script.daemon.wait("a try") { !script.sent.isEmpty }
        try script.tell("accept")
        try script.events([("poison", "crash")])
        let good = ["a", "b", "c"]
        let deaths = try Self.supervise(script) {
            for user in good where try script.daemon.codes(user).isEmpty { try script.events([(user, "x")]) }
            return try Self.letters(script).count == 1 && Self.isDelivered(script, good)
        }
        #expect(deaths == 3)
        #expect(script.sent.count { $0.user == "poison" } == 3)
        let letter = try #require(try Self.letters(script).first)
        #expect(letter.user == "poison")
        #expect(letter.reason.contains("died 3 times in a row while the channel scripted had"), "\(letter.reason)")
        #expect(try script.daemon.codes("poison").first == "provider_gave_up")
        #expect(script.daemon.stop() == 0)
        let log = try String(contentsOf: script.daemon.folder.appending(path: "log"), encoding: .utf8)
        #expect(log.contains("a message is set aside"))
    }

    @Test("of several that were under way the one is set aside that crashes alone; no other one is lost")
    func amongOthers() throws {
        let script = try ScriptedChannel()
        try script.start()
        let slow = (1...6).map { "slow\($0)" }
        try script.events(slow.map { ($0, "slow") } + [("poison", "crash soon")])
        let deaths = try Self.supervise(script) {
            try Self.letters(script).map(\.user) == ["poison"] && Self.isDelivered(script, slow)
        }
        #expect(deaths == 3)
        #expect(slow.allSatisfy { user in script.sent.count { $0.user == user } == 3 })
        #expect(try Self.letters(script).count == 1)
    }

    @Test("a clean stop counts anew, and who is killed from outside is no suspect so soon")
    func cleanStop() throws {
        let script = try ScriptedChannel()
        try script.start()
        try script.tell("hang")
        try script.event("u")
        func die(_ signal: Int32, times: Int) throws {
            for _ in 0..<times {
                try script.daemon.wait("a try") { !script.sent.isEmpty }
                let before = script.sent.count
                script.daemon.kill(signal)
                try script.start()
                try script.daemon.wait("the next try") { script.sent.count > before }
            }
        }
        try die(SIGKILL, times: 4)
        try die(SIGABRT, times: 2)
        #expect(script.daemon.stop() == 0)
        let before = script.sent.count
        try script.start()
        try script.daemon.wait("a try after the stop") { script.sent.count > before }
        try die(SIGABRT, times: 2)
        #expect(try Self.letters(script).isEmpty)
        script.daemon.kill(SIGABRT)
        try script.start()
        try script.daemon.wait("the dead letter") { try Self.letters(script).map(\.user) == ["u"] }
    }

    @Test("a stack that runs over, an exit and a wild address are crashes, too", arguments: ["deep", "exit", "wild"])
    func kinds(text: String) throws {
        let script = try ScriptedChannel()
        try script.start()
        try script.events([("poison", text)])
        let deaths = try Self.supervise(script) { try Self.letters(script).map(\.user) == ["poison"] }
        #expect(deaths == 3)
    }
}
