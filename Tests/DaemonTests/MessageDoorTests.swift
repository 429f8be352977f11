import Foundation
import Testing

/// A campaign as a message is asked what a file is asked: what a file refuses is not ignored here (docs/campaigns.md).
struct MessageDoorTests {
    private static let message: [UInt8] = {
        func field(_ name: String) -> [UInt8] { Wire.field(2, Wire.text(1, name) + Wire.field(2, Wire.text(4, "x"))) }
        return Wire.field(7, Wire.text(1, "in_app") + field("title") + field("body"))
    }()

    /// `triggerd.v1.Campaign`, with the fields that are tried, and `trigger` where it is not a session's start.
    private static func campaign(_ more: [UInt8], trigger: [UInt8] = Wire.text(1, "session_start")) -> [UInt8] {
        Wire.field(1, Wire.text(1, "c") + Wire.field(3, trigger) + message + more)
    }

    private static func comparison(_ name: String, _ operand: [UInt8]) -> [UInt8] {
        Wire.text(1, name) + Wire.field(2, operand)
    }

    /// `FactFilter`.
    private static func fact(_ subject: String, _ more: [UInt8], _ operation: [UInt8]) -> [UInt8] {
        Wire.text(1, subject) + more + Wire.field(5, operation)
    }

    private static let isTrue = comparison("is", Wire.text(4, "true"))
    private static let isOne = comparison("eq", Wire.number(2, 1))
    private static let day = 86_400_000

    @Test("each thing that a file refuses is refused with its field, and what stands beside it is taken")
    func refused() throws {
        let property = Wire.field(4, Wire.text(1, "p") + Wire.field(2, Self.isOne))
        func audience(_ fact: [UInt8]) -> [UInt8] { Self.campaign(Wire.field(9, Wire.field(5, fact))) }
        func count(_ more: [UInt8]) -> [UInt8] {
            audience(Self.fact("event_count", Wire.text(2, "e") + more, Self.isOne))
        }
        func total(_ currency: String) -> [UInt8] {
            audience(Self.fact("purchase_total", Wire.text(2, currency), Self.isOne))
        }
        func attribute(_ operation: [UInt8]) -> [UInt8] {
            audience(Self.fact("attribute", Wire.text(2, "a"), operation))
        }
        func group(_ more: [UInt8]) -> [UInt8] { Self.campaign(Wire.field(20, more)) }
        func quiet(_ more: [UInt8]) -> [UInt8] { Self.campaign(Wire.field(13, more)) }
        func delay(_ more: [UInt8]) -> [UInt8] { Self.campaign(Wire.field(8, more)) }
        func to(_ value: [UInt8]) -> [UInt8] {
            func key(_ name: String, _ value: [UInt8]) -> [UInt8] {
                Wire.field(2, Wire.text(1, name) + Wire.field(2, value))
            }
            let keys = key("attribute", Wire.text(4, "a")) + key("to", value)
            return Self.campaign([], trigger: Wire.text(1, "attribute_changed") + keys)
        }
        let hours = Wire.text(2, "22:00") + Wire.text(3, "06:00")
        let saturday = Wire.text(1, "saturday") + Wire.text(4, "09:00")
        let cases: [(field: String, refused: [UInt8], taken: [UInt8])] = [
            (
                "audience.all[0].property", Self.campaign(Wire.field(9, Wire.field(1, Wire.field(1, property)))),
                Self.campaign([], trigger: Wire.text(1, "session_start") + Wire.field(3, property))
            ),
            (
                "trigger.where.fact",
                Self.campaign(
                    [],
                    trigger: Wire.text(1, "session_start")
                        + Wire.field(3, Wire.field(5, Self.fact("push_reachable", [], Self.isTrue)))
                ), audience(Self.fact("push_reachable", [], Self.isTrue))
            ),
            ("audience.of", audience(Self.fact("push_reachable", Wire.text(2, "x"), Self.isTrue)), count([])),
            ("audience.of", total(""), total("USD")),
            (
                "audience.of", audience(Self.fact("attribute", Wire.text(2, "push_reachable"), Self.isTrue)),
                attribute(Self.isTrue)
            ),
            (
                "audience.in_last_ms", audience(Self.fact("push_reachable", Wire.number(3, Self.day), Self.isTrue)),
                count(Wire.number(3, Self.day))
            ),
            ("audience.in_last_ms", count(Wire.number(3, 1) + Wire.text(4, "utc_days")), count(Wire.number(3, 1))),
            (
                "audience.counting", count(Wire.number(3, Self.day) + Wire.text(4, "x")),
                count(Wire.number(3, Self.day) + Wire.text(4, "utc_days"))
            ),
            (
                "audience.counting", count(Wire.text(4, "rolling")),
                count(Wire.number(3, Self.day) + Wire.text(4, "rolling"))
            ),
            (
                "audience.gt", attribute(Self.comparison("gt", Wire.double(3, .nan))),
                attribute(Self.comparison("gt", Wire.double(3, 1.5)))
            ),
            ("audience.lt", attribute(Self.comparison("lt", Wire.double(3, .infinity))), attribute(Self.isOne)),
            (
                "control_group.percent", group(Wire.double(1, 5) + Wire.text(2, "u")), group(Wire.text(2, "u"))
            ),
            ("quiet_hours.none", quiet(Wire.number(1, 1) + hours), quiet(Wire.number(1, 1))),
            ("delay_ms", Self.campaign(Wire.number(4, 5) + Wire.field(8, saturday)), delay(saturday)),
            ("delay.fallback", delay(saturday + Wire.text(5, "10:00")), delay(saturday)),
            ("delay.at", delay(Wire.text(3, "p") + Wire.text(4, "09:00")), delay(Wire.text(3, "p"))),
            ("trigger.to", to([]), to(Wire.text(4, "gold"))),
        ]
        let daemon = try DaemonProcess()
        try daemon.start()
        let wire = try Wire(daemon.socket)
        for (index, (field, refused, taken)) in cases.enumerated() {
            let fits = try wire.call("Campaigns", "Apply", taken)
            #expect(fits.code == 0, "\(index): \(fits.text)")
            let not = try wire.call("Campaigns", "Apply", refused)
            #expect(not.code == 3 && not.text.contains("\(field): "), "\(index), \(field): \(not.code) \(not.text)")
        }
        let workspace = Wire.field(3, Wire.field(4, Wire.number(1, 1) + hours))
        let none = try wire.call("Campaigns", "Apply", workspace)
        #expect(none.code == 3 && none.text.contains("workspace.quiet_hours.none"), "\(none.text)")
        // What is stored is read at the next start.
        #expect(daemon.stop() == 0)
        try daemon.start()
        #expect(try daemon.run("campaigns").status == 0)
    }
}
