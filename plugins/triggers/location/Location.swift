import Glibc
import PluginKit

/// `location`: a position was reported inside a circle that the user's last known position was outside of, or, with
/// `on: exit`, the other way round (1.4).
struct Location: TriggerType {
    static let name = "location"
    static let fields = [
        Field(
            name: "areas",
            type: .objects([
                Field(name: "name", type: .string, flags: .required),
                Field(name: "latitude", type: .number, flags: .required, summary: "In degrees."),
                Field(name: "longitude", type: .number, flags: .required, summary: "In degrees."),
                Field(name: "radius_m", type: .number, flags: .required, summary: "In metres."),
            ]),
            flags: .required,
            summary: "Circles."
        ),
        Field(name: "on", type: .string, oneOf: ["enter", "exit"], summary: "enter where it is absent."),
    ]

    private let areas: [Circle]
    private let isExit: Bool

    init(configuration: Value) throws {
        guard case .array(let areas)? = configuration["areas"], !areas.isEmpty else {
            throw PluginError("areas: at least one is needed")
        }
        self.areas = try areas.enumerated().map { index, area in
            guard let circle = Circle(area) else {
                throw PluginError(
                    "areas[\(index)]: latitude within 90 degrees, longitude within 180, radius_m above zero"
                )
            }
            return circle
        }
        isExit = configuration["on"]?.string == "exit"
    }

    var subjects: [Subject] { [Subject("location")] }

    /// One event fires once, however many circles match.
    func matches(_ event: borrowing Event) -> Bool {
        guard let now = event.after.flatMap(Point.init) else { return false }
        let before = event.before.flatMap(Point.init)
        return areas.contains { area in
            let was = before.map(area.contains) ?? false
            return isExit ? was && !area.contains(now) : !was && area.contains(now)
        }
    }
}

private struct Point {
    let latitude: Double
    let longitude: Double

    init?(_ value: Value) {
        guard let latitude = value["latitude"]?.number, let longitude = value["longitude"]?.number,
            (-90...90).contains(latitude), (-180...180).contains(longitude)
        else { return nil }
        self.latitude = latitude
        self.longitude = longitude
    }

    /// In metres: the great circle by haversine, on a sphere of the Earth's mean radius (1.4).
    func distance(to other: Point) -> Double {
        let (north, east) = ((other.latitude - latitude).radians / 2, (other.longitude - longitude).radians / 2)
        let a = pow(sin(north), 2) + cos(latitude.radians) * cos(other.latitude.radians) * pow(sin(east), 2)
        return 2 * 6_371_008.8 * asin(min(1, sqrt(a)))
    }
}

private struct Circle {
    let centre: Point
    let radius: Double

    init?(_ value: Value) {
        guard let centre = Point(value), let radius = value["radius_m"]?.number, radius > 0 else { return nil }
        self.centre = centre
        self.radius = radius
    }

    func contains(_ point: Point) -> Bool { centre.distance(to: point) <= radius }
}

extension Double {
    fileprivate var radians: Double { self * .pi / 180 }
}

struct LocationPlugin: Plugin {
    static let name = "location"
    static let version = "1.0.0"

    static func register(in registry: inout some Registry) {
        registry.register(trigger: Location.self)
    }
}

@c(triggerd_plugin_1)
public func entry(_ host: HostTable?, _ why: ReasonBuffer?) -> ModuleTable? {
    load(LocationPlugin.self, host, why)
}
