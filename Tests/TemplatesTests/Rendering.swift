import Engine
import Host
import Templates

/// What the templates of the tests see.
enum Sample {
    static let paris = Zone(
        name: "Europe/Paris",
        offset: .seconds(3_600),
        clockName: ClockName("CET".utf8),
        transitions: [
            .init(at: instant("2026-03-29T01:00:00Z"), offset: .seconds(7_200), name: ClockName("CEST".utf8)),
            .init(at: instant("2026-10-25T01:00:00Z"), offset: .seconds(3_600), name: ClockName("CET".utf8)),
        ]
    )
    static let newYork = Zone(name: "America/New_York", offset: .seconds(-5 * 3_600))

    static func instant(_ text: String) -> Instant { Instant(iso8601: text)! }

    static func zone(_ name: String) -> Zone? {
        switch name {
        case "UTC": .utc
        case "Europe/Paris": paris
        case "America/New_York": newYork
        default: nil
        }
    }

    static let event: Object = [
        "item": "Lamp", "note": "<b>\"Tom\" & 'Jo'</b>", "price": 150.0, "cents": 12.5, "count": 3, "one": 1, "zero": 0,
        "big": 9_223_372_036_854_775_807, "yes": true, "no": false, "blank": "", "spaces": "  ", "none": [],
        "items": [
            .object(["name": "Lamp", "price": 20, "tags": ["a", "b"]]), .object(["name": "Rug", "price": 4.5]),
        ],
        "words": ["one", "two", "three"], "first name": "Ada", "first-name": "Eve", "lines": "a\nb<\r\nc",
        "at": "2026-03-02T22:30:00Z", "day": "2026-03-02", "seconds": 1_772_490_600, "code": "XQX", "text": "12.50",
        "family": "👨‍👩‍👧é👍🏽x", "size": .object(["a": 1, "b": "x<y"]),
    ]

    static func scope(zone: String? = nil, event: Object = event) -> TemplateScope {
        var profile: Object = ["first_name": "Ann", "language": "fr", "id": "not this"]
        if let zone { profile["time_zone"] = .string(zone) }
        return TemplateScope(
            event: event,
            profile: profile,
            user: "u<1>",
            campaign: "cart",
            now: instant("2026-07-01T12:00:00Z"),
            workspaceZone: .utc,
            zone: { Sample.zone($0) }
        )
    }

    /// What it gives, or its fault in words.
    static func render(_ text: String, _ escaping: Escaping = .text, _ scope: TemplateScope = scope()) -> String {
        do {
            return try Template(text, zone: zone).render(scope, escaping: escaping)
        } catch let fault as TemplateFault {
            return "fault: \(fault)"
        } catch RenderFault.aborted(let reason) {
            return "aborted: \(reason)"
        } catch RenderFault.misused(let fault) {
            return "failed: \(fault)"
        } catch RenderFault.failed(let reason) {
            return "failed: \(reason)"
        } catch {
            return "\(error)"
        }
    }

    static func fault(_ text: String) -> String {
        do {
            _ = try Template(text, zone: zone)
            return "no fault"
        } catch {
            return error.description
        }
    }
}

extension Template {
    /// With the languages that the daemon has.
    init(_ text: String, zone: (String) -> Zone? = { _ in .utc }) throws(TemplateFault) {
        try self.init(text, languages: KnownLanguages.all, zone: zone)
    }
}
