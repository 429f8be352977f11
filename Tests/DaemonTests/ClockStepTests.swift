import Foundation
import Testing

/// The system's clock is set while the daemon runs, or is wrong when it starts.
@Suite(.serialized)
struct ClockStepTests {
    @Test("set back by an hour, a delay is as long as ever; it is logged, and health says so until it is right again")
    func back() throws {
        let machine = try Machine(cart)
        let daemon = machine.daemon
        try daemon.start(arguments: [], environment: machine.environment)
        func leaveCart(_ user: String) throws {
            try daemon.run(
                "track",
                "--user",
                user,
                "--set",
                "email=\(user)@example.com",
                "--event",
                "add_to_cart",
                "--property",
                "value=100",
                "--property",
                "item=Lamp"
            )
        }
        try leaveCart("before")
        try machine.set(by: -3_600)
        try daemon.wait("the letter of a delay that began before") { try daemon.letters().count == 1 }
        try leaveCart("after")
        try daemon.wait("the letter of a delay that began after") { try daemon.letters().count == 2 }
        let health = try daemon.run("health")
        #expect(health.status == 0)
        #expect(health.out.contains("the system's clock was set back"), "\(health.out)")
        try machine.set(by: 0)
        try daemon.wait("health without a word about the clock") { try daemon.run("health").out == "serving\n" }
        let log = try String(contentsOf: daemon.folder.appending(path: "log"), encoding: .utf8)
        #expect(log.contains("the system's clock was set back by"))
        #expect(log.contains("the system's clock was set forward by"))
        #expect(daemon.stop() == 0)
    }

    @Test("set back before a restart, what waits goes on waiting for as long as it would have, and health says so")
    func backAndRestarted() throws {
        let machine = try Machine(cart.replacing("delay: 1s", with: "delay: 3s"))
        let daemon = machine.daemon
        try daemon.start(arguments: [], environment: machine.environment)
        func leaveCart(_ user: String) throws {
            let line =
                #"{"user": "\#(user)", "set": {"email": "\#(user)@example.com"}, "type": "custom_event", "#
                + #""event": "add_to_cart", "properties": {"value": 100, "item": "Lamp"}}"#
            try daemon.run("track", "-", input: line + "\n")
        }
        try leaveCart("before")
        daemon.kill()
        try machine.set(by: -3_600)
        try daemon.start(arguments: [], environment: machine.environment)
        try leaveCart("after")
        try daemon.wait("the letters of both") { try daemon.letters().count == 2 }
        #expect(try daemon.run("health").out.contains("the system's clock was set back"))
        daemon.kill()
        // Further than anybody could wait for: the clock is taken as it is.
        try machine.set(by: -30 * 86_400)
        try daemon.start(arguments: [], environment: machine.environment)
        #expect(try daemon.run("health").out == "serving\n")
        let log = try String(contentsOf: daemon.folder.appending(path: "log"), encoding: .utf8)
        #expect(log.contains("behind what was recorded last"))
    }

    @Test("set forward, what became due meanwhile is sent at once")
    func forward() throws {
        let machine = try Machine(cart.replacing("delay: 1s", with: "delay: 1h"))
        let daemon = machine.daemon
        try daemon.start(arguments: [], environment: machine.environment)
        try daemon.run(
            "track",
            "--user",
            "u",
            "--set",
            "email=u@example.com",
            "--event",
            "add_to_cart",
            "--property",
            "value=100",
            "--property",
            "item=Lamp"
        )
        try machine.set(by: 3_700)
        try daemon.wait("the letter") { try daemon.letters().count == 1 }
    }

    @Test("400 years ahead it works as ever")
    func ahead() throws {
        let machine = try Machine(cart)
        try machine.set(by: 400 * 365 * 86_400)
        let daemon = machine.daemon
        try daemon.start(arguments: [], environment: machine.environment)
        let cart = try daemon.run(
            "track",
            "--user",
            "u",
            "--set",
            "email=u@example.com",
            "--event",
            "add_to_cart",
            "--property",
            "value=100",
            "--property",
            "item=Lamp"
        )
        #expect(cart.status == 0)
        try daemon.wait("the letter") { try daemon.letters().count == 1 }
        #expect(daemon.stop() == 0)
    }

    @Test("outside the years 1970 to 9999 it does not start, and says what to do", arguments: [-80, 8_500])
    func wrong(years: Int64) throws {
        let machine = try Machine(cart)
        try machine.set(by: years * 31_557_600)
        let daemon = machine.daemon
        let output = try DaemonProcess.run(
            ["serve", "--data", daemon.data, "--socket", daemon.socket],
            environment: machine.environment
        )
        #expect(output.status == 1)
        #expect(output.err.contains("the system's clock") && output.err.contains("set it right"), "\(output.err)")
        #expect(!FileManager.default.fileExists(atPath: daemon.data), "the store was not touched")
    }
}
