import Foundation
import Testing

/// Campaigns that hear an event but ask for other properties: who asks is told, the log is not filled with them.
struct NearMissTests {
    private static func campaigns(_ count: Int) -> String {
        (1...count).map {
            """
            campaign: over\($0)
            trigger: {type: custom_event, event: cart, where: {property: total, gte: \($0)}}
            delay: 1h
            re_eligibility: {after: 0s}
            messages: [{channel: in_app, title: hi}]

            """
        }.joined(separator: "---\n")
    }

    private static func kinds(_ daemon: DaemonProcess) throws -> [String: Int] {
        let dump = try DaemonProcess.run(["dump", daemon.data])
        return dump.json.reduce(into: [:]) { $0[$1["kind"] as? String ?? "", default: 0] += 1 }
    }

    @Test("of 100 campaigns three trigger: three records, and near misses only where they are asked for")
    func asked() throws {
        let daemon = try DaemonProcess(Self.campaigns(100))
        try daemon.start()
        let quiet = try daemon.run("track", "--user", "u", "--event", "cart", "--property", "total=3", "--id", "1")
        #expect(quiet.out.split(separator: "\n").count == 3, "\(quiet.out)")
        let told = try daemon.run(
            "track",
            "--user",
            "u",
            "--event",
            "cart",
            "--property",
            "total=3",
            "--near-misses",
            "--id",
            "2"
        )
        #expect(told.out.split(separator: "\n").count == 100)
        #expect(told.out.contains("over100  property_filter_mismatch"))
        #expect(told.out.contains("(near miss 2)"))
        // A duplicate has its first answer, which is what was recorded.
        let again = try daemon.run(
            "track",
            "--user",
            "u",
            "--event",
            "cart",
            "--property",
            "total=3",
            "--near-misses",
            "--id",
            "2"
        )
        #expect(again.out.split(separator: "\n").count == 3)
        #expect(daemon.stop() == 0)
        #expect(try Self.kinds(daemon)["decision"] == 6)
    }

    @Test(
        "explain shows the newest three of a campaign and how many there were, in order of time, over pages and starts"
    )
    func explained() throws {
        let daemon = try DaemonProcess(Self.campaigns(10))
        try daemon.start()
        for total in [1, 9, 2, 9, 3, 9, 4, 9, 5] {
            try daemon.run("track", "--user", "u", "--event", "cart", "--property", "total=\(total)")
        }
        for _ in 0..<2 {
            let lines = try daemon.run("explain", "u", "over7", "--json").json
            let codes = lines.compactMap { $0["decision"] as? String }
            let (miss, hit) = ("property_filter_mismatch", "scheduled")
            #expect(codes == [miss, hit, miss, hit, miss, hit, hit])
            #expect(lines.compactMap { $0["near_miss"] as? Int } == [5, 4, 3])
            let why = try #require(lines[0]["why"] as? [String: Any])
            #expect(why["where"] as? String == "total gte 7")
            #expect((why["found"] as? [String: Any])?["total"] as? Int == 5)
            // Never triggered, and so with what came nearest.
            let near = try daemon.run("explain", "u", "over10").out
            #expect(near.hasPrefix("u never triggered over10; what came nearest:\n"))
            #expect(near.contains("(near miss 9)") && near.contains("(near miss 7)"))
            #expect(!near.contains("(near miss 6)"))
            #expect(try daemon.run("explain", "u", "--limit", "1").out.split(separator: "\n").count == 1)
            #expect(daemon.stop() == 0)
            try daemon.start()
        }

        // Pages of one decision each: every near miss on one of them, once.
        let wire = try Wire(daemon.socket)
        var (page, numbers, hits): ([UInt8], [UInt64], Int) = ([], [], 0)
        for stream in 0..<100 as Range<UInt32> {
            let request =
                Wire.field(1, Array("u".utf8)) + Wire.field(2, Array("over7".utf8)) + Wire.varint(3 << 3)
                + Wire.varint(1) + Wire.field(4, page)
            try wire.send(stream: 2 * stream + 1, "triggerd.v1.Decisions", "Explain", request)
            let reply = Wire.fields(try wire.answer().payload)
            for decision in reply where decision.number == 1 {
                let number = Wire.fields(decision.bytes).first { $0.number == 12 }?.value
                if let number { numbers.append(number) } else { hits += 1 }
            }
            page = reply.first { $0.number == 2 }?.bytes ?? []
            if page.isEmpty { break }
        }
        #expect(numbers == [5, 4, 3])
        #expect(hits == 4)
        try wire.send(
            stream: 901,
            "triggerd.v1.Decisions",
            "Explain",
            Wire.field(1, Array("u".utf8)) + Wire.field(4, Array("7.x".utf8))
        )
        #expect(try wire.answer().code == 3)
    }
}
