import Foundation
import Testing

/// Applying beside what comes in: an apply holds up nobody, and nobody's apply is done who left.
@Suite(.serialized)
struct ApplyTests {
    private static func campaign(_ id: String, event: String = "hello") -> String {
        """
        campaign: \(id)
        trigger: {type: custom_event, event: \(event)}
        re_eligibility: {after: 0s}
        messages: [{channel: in_app, title: "Hi {{ user.first_name }}"}]

        """
    }

    private static func many(_ count: Int) -> String {
        (0..<count).map { campaign("many\($0)", event: "many\($0)") }.joined(separator: "---\n")
    }

    private static func apply(_ text: String) -> [UInt8] {
        Wire.field(2, Wire.field(1, Array("test.yaml".utf8)) + Wire.field(2, Array(text.utf8)))
    }

    /// Of a campaign that a daemon knows or not: 0 or 5.
    private static func code(_ wire: Wire, _ id: String) throws -> UInt64 {
        try wire.send(stream: 9_999, "triggerd.v1.Campaigns", "Get", Wire.field(1, Array(id.utf8)))
        return try wire.answer().code
    }

    @Test("while thousands of campaigns are applied, and again, a Track is answered at once")
    func beside() throws {
        let daemon = try DaemonProcess()
        try daemon.start()
        let (wire, tracking) = (try Wire(daemon.socket), try Wire(daemon.socket))
        let request = Self.apply(Self.many(4_000))
        for round in 0..<2 {
            try wire.send(stream: 1, "triggerd.v1.Campaigns", "Apply", request)
            let began = Date()
            let applied = Lines()
            let waiting = BackgroundThread { applied.add(try wire.answer()) }
            var worst = 0.0
            var count: UInt32 = 0
            while applied.all.isEmpty {
                let asked = Date()
                try tracking.send(
                    stream: 1 + 2 * count,
                    "triggerd.v1.Events",
                    "Track",
                    Wire.track(user: "u\(count)", id: "\(round)-\(count)", event: "nothing")
                )
                #expect(try tracking.answer().code == 0)
                worst = max(worst, Date().timeIntervalSince(asked))
                count += 1
            }
            try waiting.join()
            let took = Date().timeIntervalSince(began)
            #expect(applied.all[0].code == 0, "\(applied.all[0].text)")
            #expect(worst < took / 4, "a Track waited \(worst) s of the \(took) s that the apply took")
            // The answer tells of every one, with its name.
            let statuses = Wire.fields(applied.all[0].payload)
            #expect(statuses.count == 4_000)
            #expect(Wire.fields(Wire.fields(statuses[7].bytes)[0].bytes)[0].bytes == Array("many7".utf8))
        }
        #expect(try daemon.run("track", "--user", "u", "--event", "many7").out.contains("many7"))
    }

    @Test("an Apply of a connection that is closed, or of a deadline that is over, is not done when its turn comes")
    func left() throws {
        let daemon = try DaemonProcess()
        try daemon.start()
        let large = Self.apply(Self.many(2_000))
        do {
            let gone = try Wire(daemon.socket)
            try gone.send(stream: 1, "triggerd.v1.Campaigns", "Apply", large)
            try gone.send(stream: 3, "triggerd.v1.Campaigns", "Apply", Self.apply(Self.campaign("gone")))
        }
        let wire = try Wire(daemon.socket)
        try wire.send(stream: 1, "triggerd.v1.Campaigns", "Apply", large)
        try wire.send(
            stream: 3,
            "triggerd.v1.Campaigns",
            "Apply",
            Self.apply(Self.campaign("late")),
            timeout: 1_000_000
        )
        try wire.send(stream: 5, "triggerd.v1.Campaigns", "Apply", Self.apply(Self.campaign("here")))
        var codes: [UInt32: UInt64] = [:]
        for _ in 0..<3 {
            let answer = try wire.answer()
            codes[answer.stream] = answer.code
        }
        #expect(codes == [1: 0, 3: 4, 5: 0])
        #expect(try Self.code(wire, "here") == 0)
        #expect(try Self.code(wire, "late") == 5)
        #expect(try Self.code(wire, "gone") == 5)
    }

    @Test("more applies than may wait are refused with code 8, and what waits is done in order")
    func full() throws {
        let daemon = try DaemonProcess()
        try daemon.start()
        let wire = try Wire(daemon.socket)
        try wire.send(stream: 1, "triggerd.v1.Campaigns", "Apply", Self.apply(Self.many(3_000)))
        let count: UInt32 = 100
        for index in 1...count {
            let request = Self.apply(Self.campaign("one", event: "e\(index)"))
            try wire.send(stream: 1 + 2 * index, "triggerd.v1.Campaigns", "Apply", request)
        }
        var codes: [UInt64: Int] = [:]
        for _ in 0...count { codes[try wire.answer().code, default: 0] += 1 }
        #expect(codes.keys.sorted() == [0, 8])
        let done = try #require(codes[0])
        #expect(done >= 64)
        let status = try #require(
            try daemon.run("campaigns", "--json").json.first { $0["campaign"] as? String == "one" }
        )
        #expect(status["version"] as? Int == done - 1)
    }

    @Test("campaigns that are stopped and resumed while others are applied lose neither, also after a restart")
    func together() throws {
        let daemon = try DaemonProcess(Self.campaign("still") + "---\n" + Self.campaign("edited"))
        try daemon.start()
        let socket = daemon.socket
        let stopping = BackgroundThread {
            let wire = try Wire(socket)
            for index in 0..<101 as Range<UInt32> {
                let method = index % 2 == 0 ? "Stop" : "Resume"
                try wire.send(
                    stream: 1 + 2 * index,
                    "triggerd.v1.Campaigns",
                    method,
                    Wire.field(1, Array("still".utf8))
                )
                #expect(try wire.answer().code == 0)
            }
        }
        let wire = try Wire(socket)
        for index in 0..<50 as Range<UInt32> {
            let text = Self.campaign("edited", event: "e\(index)") + "---\n" + Self.campaign("new\(index)", event: "x")
            try wire.send(stream: 1 + 2 * index, "triggerd.v1.Campaigns", "Apply", Self.apply(text))
            let answer = try wire.answer()
            #expect(answer.code == 0, "\(answer.text)")
        }
        try stopping.join()
        try FileManager.default.removeItem(at: daemon.folder.appending(path: "campaigns/0.yaml"))
        for round in 0..<2 {
            let all = try daemon.run("campaigns", "--json").json
            #expect(all.count == 52)
            let state = { (id: String) in all.first { $0["campaign"] as? String == id } }
            #expect(state("still")?["state"] as? String == "stopped")
            #expect(state("edited")?["version"] as? Int == 51)
            let user = "u\(round)"
            try daemon.run("track", "--user", user, "--event", "hello")
            try daemon.run("track", "--user", user, "--event", "e7")
            try daemon.run("track", "--user", user, "--event", "e49")
            #expect(try daemon.codes(user, "still") == ["campaign_not_live"])
            let edited = try daemon.codes(user, "edited")
            #expect(edited == ["queued_in_app", "scheduled"])
            #expect(daemon.stop() == 0)
            try daemon.start()
        }
    }
}
