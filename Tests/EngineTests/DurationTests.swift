import Engine
import Testing

/// 14: a duration whose start is a clock's time and whose end an instant (or the other way round) is refused only where
/// no zone gives it a span.
struct DurationTests {
    @Test(
        "end_before_start",
        arguments: [
            ("2026-03-01T00:00", "2026-03-01T00:01", true), ("2026-03-01T00:00", "2026-03-01T00:00", false),
            ("2026-03-01T00:00Z", "2026-03-01T00:00Z", false),
            ("2026-03-01T00:00+01:00", "2026-03-01T00:00Z", true),
            ("2026-03-01T00:00Z", "2026-03-01T00:00+01:00", false),
            // Midnight on the clock is 10:00 of the day before UTC in Kiribati.
            ("2026-03-01T00:00", "2026-02-28T10:00:01Z", true), ("2026-03-01T00:00", "2026-02-28T10:00Z", false),
            // Midnight on the clock is 12:00 UTC where it comes last.
            ("2026-03-01T11:59:59Z", "2026-03-01T00:00", true), ("2026-03-01T12:00Z", "2026-03-01T00:00", false),
        ]
    )
    func mixedForms(start: String, end: String, isAllowed: Bool) {
        var campaign = Campaign(id: "C", trigger: .event("e"), messages: [.email])
        campaign.duration = CampaignDuration(start: WallTime(iso8601: start), end: WallTime(iso8601: end), zone: .user)
        let codes = campaign.refusals(queues: { _ in false }).map(\.code)
        #expect(codes == (isAllowed ? [] : [.endBeforeStart]))
    }
}
