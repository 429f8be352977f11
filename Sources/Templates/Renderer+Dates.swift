import Engine

/// The filter `date`.
extension Renderer {
    mutating func date(_ call: FilterCall, _ value: Value) throws(RenderFault) -> String {
        let written = try string(call, 0) ?? "%-d %B %Y"
        let format: DateFormat
        do throws(DateFormat.Fault) { format = try DateFormat(written) } catch {
            throw failed(error.text, at: call.offset)
        }
        try budget.take(workOn: written.utf8.count, .telling)
        let zone = try zone(call)
        let language = try language(call, 2)
        guard let (instant, wall) = moment(value, in: zone) else { throw unusable(call, value) }
        let offset = (wall.milliseconds - instant.milliseconds) / 1_000
        return format.text(wall, offset: offset, zone: zone.clockName(at: instant), in: language)
    }

    /// Nil for what is no date of the years 1 to 9999.
    private func moment(_ value: Value, in zone: Zone) -> (Instant, WallTime)? {
        let instant: Instant
        switch value {
        case .string("now"): instant = scope.now
        case .string(let text):
            let text = text.string.stripped
            if let parsed = WallTime(iso8601: text) {
                // A day is that day wherever one is.
                if parsed.isDay(text) { return (zone.instant(parsed), parsed) }
                instant = parsed.instant(offset: parsed.offset ?? 0)
            } else {
                guard let counted = Instant(since1970: text) else { return nil }
                instant = counted
            }
        case .integer(let number):
            guard let counted = Instant(since1970: Double(number)) else { return nil }
            instant = counted
        case .decimal(let number):
            guard let counted = Instant(since1970: number) else { return nil }
            instant = counted
        case .null, .boolean, .array, .object: return nil
        }
        return (instant, zone.wall(instant))
    }

    private mutating func zone(_ call: FilterCall) throws(RenderFault) -> Zone {
        guard let name = try string(call, 1), !name.isEmpty else { return scope.userZone }
        guard let zone = scope.zone(name) else {
            throw failed("there is no time zone \"\(name.prefix(60))\"", at: call.offset)
        }
        return zone
    }
}

extension WallTime {
    /// Whether the text that it was read from has no time, as `2026-03-02` and `20260302` have none.
    fileprivate func isDay(_ text: String) -> Bool { offset == nil && text.utf8.count <= 10 }
}

extension Instant {
    /// From here on a number counts milliseconds: as seconds it is of the year 5138, as milliseconds of 1973.
    private static let leastMilliseconds = 100_000_000_000.0

    fileprivate init?(since1970 number: Double) {
        let milliseconds = number.magnitude < Self.leastMilliseconds ? number * 1_000 : number
        // NaN is in no range.
        guard abs(milliseconds) < 1e15, Self.allowed.contains(Self(milliseconds: Int64(milliseconds.rounded(.down))))
        else { return nil }
        self.init(milliseconds: Int64(milliseconds.rounded(.down)))
    }

    /// In digits: nine at least, since fewer are a year or a day, and 13 at most, since 14 are a date run together.
    fileprivate init?(since1970 text: String) {
        let whole = text.utf8.drop { $0 == UInt8(ascii: "-") }.prefix(while: \.isDigit)
        guard (9...13).contains(whole.count), let number = DecimalNumber(text).flatMap({ Double($0.description) })
        else {
            return nil
        }
        self.init(since1970: number)
    }
}
