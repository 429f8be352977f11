import Engine
import Templates
import Testing

/// The filter `date`: formats, zones, clock changes, languages.
struct DateTests {
    @Test(
        "directives",
        arguments: [
            ("%Y-%m-%d %H:%M:%S", "2026-03-02 22:30:00"), ("%-d/%-m/%y", "2/3/26"), ("%e. %_m. %C", " 2.  3. 20"),
            ("%A %a %B %b %h", "Monday Mon March Mar Mar"), ("%I:%M %p %-I %P %l %k", "10:30 PM 10 pm 10 22"),
            ("%j %u %w %V %G", "061 1 1 10 2026"), ("%F %T %R %D", "2026-03-02 22:30:00 22:30 03/02/26"),
            ("%s %L", "1772490600 000"), ("%z %Z", "+0000 UTC"), ("100%%%n%t", "100%\n\t"), ("%^a %^B", "MON MARCH"),
        ]
    )
    func directives(format: String, expected: String) {
        #expect(Sample.render("{{ event.at|date:'\(format)' }}") == expected)
    }

    @Test(
        "what a date can be written as",
        arguments: [
            ("event.at", "2 March 2026 22:30"), ("event.seconds", "2 March 2026 22:30"),
            ("'2026-03-02T23:30:00+01:00'", "2 March 2026 22:30"), ("' 2026-03-02 22:30 '", "2 March 2026 22:30"),
            ("1772490600.9", "2 March 2026 22:30"), ("0", "1 January 1970 00:00"), ("-1", "31 December 1969 23:59"),
            ("event.day", "2 March 2026 00:00"), ("'now'", "1 July 2026 12:00"),
            ("1772490600000", "2 March 2026 22:30"), ("1772490600250.5", "2 March 2026 22:30"),
            ("99999999999", "16 November 5138 09:46"), ("100000000000", "3 March 1973 09:46"),
            ("-100000000000", "31 October 1966 14:13"), ("'1772490600'", "2 March 2026 22:30"),
            ("'1772490600000'", "2 March 2026 22:30"), ("'1772490600.9'", "2 March 2026 22:30"),
            ("'20260302'", "2 March 2026 00:00"), ("'20260302T233000+0100'", "2 March 2026 22:30"),
            ("'2026-03-02T24:00'", "3 March 2026 00:00"), ("'2016-12-31T23:59:60Z'", "1 January 2017 00:00"),
        ]
    )
    func inputs(value: String, expected: String) {
        #expect(Sample.render("{{ \(value)|date:'%-d %B %Y %H:%M' }}") == expected)
    }

    @Test("the name of the clock is the one in force, a day's too")
    func clockNames() {
        let text = "{{ event.at|date:'%Z','Europe/Paris' }} {{ '2026-07-04T10:00:00Z'|date:'%Z %z','Europe/Paris' }}"
        #expect(Sample.render(text) == "CET CEST +0200")
        #expect(Sample.render("{{ '2026-07-04'|date:'%H:%M %Z','Europe/Paris' }}") == "00:00 CEST")
    }

    @Test("digits that are no date", arguments: ["2026", "12345678", "20260302223000", "1e12", "99999999999999"])
    func noDates(text: String) {
        let scope = Sample.scope(event: ["v": .string(Text(text))])
        #expect(Sample.render("{{ event.v|date }}", .text, scope).hasPrefix("failed: "))
    }

    @Test("without a format the day, in words")
    func withoutFormat() {
        #expect(Sample.render("{{ event.at|date }}") == "2 March 2026")
    }

    @Test("the zone is the argument's, else the user's, else the workspace's; a bare day is that day everywhere")
    func zones() {
        let text = "{{ event.at|date:'%d %H:%M %z %Z' }}"
        #expect(Sample.render(text) == "02 22:30 +0000 UTC")
        #expect(Sample.render(text, .text, Sample.scope(zone: "Europe/Paris")) == "02 23:30 +0100 CET")
        #expect(Sample.render(text, .text, Sample.scope(zone: "Nowhere")) == "02 22:30 +0000 UTC")
        var scope = Sample.scope()
        scope.workspaceZone = Sample.newYork
        #expect(Sample.render(text, .text, scope) == "02 17:30 -0500 America/New_York")
        #expect(Sample.render("{{ event.at|date:'%H:%M','Europe/Paris' }}", .text, scope) == "23:30")
        #expect(Sample.render("{{ event.at|date:'%H:%M','' }}", .text, scope) == "17:30")
        #expect(Sample.render("{{ event.day|date:'%d %H:%M %z' }}", .text, scope) == "02 00:00 -0500")
    }

    @Test(
        "a clock change",
        arguments: [
            ("2026-03-29T00:59:59Z", "29 01:59:59 +0100"), ("2026-03-29T01:00:00Z", "29 03:00:00 +0200"),
            ("2026-10-25T00:59:59Z", "25 02:59:59 +0200"), ("2026-10-25T01:00:00Z", "25 02:00:00 +0100"),
        ]
    )
    func clockChange(instant: String, expected: String) {
        #expect(Sample.render("{{ '\(instant)'|date:'%d %T %z','Europe/Paris' }}") == expected)
    }

    @Test(
        "languages; one that is not here is English where a value names it",
        arguments: [
            ("fr", "lundi 2 mars, mars lun."), ("de", "Montag 2 März, März Mo."), ("es", "lunes 2 marzo, mar lun"),
            ("it", "lunedì 2 marzo, mar lun"), ("pt-BR", "segunda-feira 2 março, mar. seg."),
            ("nl", "maandag 2 maart, mrt ma"), ("en-GB", "Monday 2 March, Mar Mon"), ("ja", "月曜日 2 3月, 3月 月"),
            ("pl", "poniedziałek 2 marca, mar pon."), ("ru", "понедельник 2 марта, марта Пн"),
            ("sv", "måndag 2 mars, mars mån"), ("zh-TW", "星期一 2 3月, 3月 週一"),
            ("in-ID", "Senin 2 Maret, Mar Sen"), ("tl", "Lunes 2 Marso, Mar Lun"),
            ("fr_CA", "lundi 2 mars, mars lun."),
        ]
    )
    func languages(tag: String, expected: String) {
        #expect(Sample.render("{{ event.at|date:'%A %-d %B, %b %a','','\(tag)' }}") == expected)
    }

    @Test("a month that stands alone is written so")
    func monthsAlone() {
        #expect(
            Sample.render("{{ event.at|date:'%B %Y','','pl' }}, {{ event.at|date:'%-d %B','','pl' }}")
                == "marzec 2026, 2 marca"
        )
    }

    @Test("a language that a value names")
    func namedLanguage() {
        #expect(Sample.render("{{ event.at|date:'%B','',user.language }}") == "mars")
        #expect(Sample.render("{{ event.at|date:'%B','',event.item }}") == "March")
    }

    @Test("weeks of ISO 8601 at the turn of a year")
    func weeks() {
        #expect(
            Sample.render("{{ '2027-01-01'|date:'%G-W%V' }} {{ '2024-12-30'|date:'%G-W%V' }}") == "2026-W53 2025-W01"
        )
    }
}
