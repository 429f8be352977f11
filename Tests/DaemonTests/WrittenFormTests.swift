import Foundation
import Testing

/// Files and instants as people and their tools write them, against the built daemon.
struct WrittenFormTests {
    private static let file = """
        x-base: &base
          trigger: {type: custom_event, event: bought}
          delay: {until: ends}
        campaigns:
        - campaign: plain
          <<: *base
          messages: [{channel: in_app, title: "{{ event.files }} {{ event.files | plural: 'pl', one: 'plik', few: 'pliki', many: 'plików', other: 'pliku' }}"}]
        - {campaign: dated, <<: *base, messages: [{channel: in_app, title: "{{ event.ms | date: '%F %Z', 'Europe/Paris' }}"}]}

        """

    @Test("merge keys, a byte order mark, plurals of a language, milliseconds and every form of ISO 8601")
    func everything() throws {
        let daemon = try DaemonProcess(cart)
        try daemon.start()
        let file = daemon.folder.appending(path: "shared.yaml")
        try Data("\u{feff}\(Self.file)".utf8).write(to: file)
        let applied = try daemon.run("apply", file.path)
        #expect(applied.status == 0, "\(applied.err)")
        for ends in ["2026-07-04T24:00", "20260705T000000Z", "2026-07-04T23:59:60Z"] {
            let run = try daemon.run(
                "track",
                "--user",
                "u",
                "--event",
                "bought",
                "--at",
                "20260704T123000Z",
                "--property",
                "ends=\(ends)"
            )
            #expect(run.status == 0, "\(run.err)")
        }
        let event = #"{"files": 22, "ms": 1783168200000}"#
        let plain = try daemon.run("preview", "plain", "--user", "u", "--event", event)
        #expect(plain.out.contains("22 pliki"), "\(plain.out)\(plain.err)")
        let dated = try daemon.run("preview", "dated", "--user", "u", "--event", event)
        #expect(dated.out.contains("2026-07-04 CEST"), "\(dated.out)\(dated.err)")
    }

    @Test("a form that a language has and the template not is named when the campaign is applied")
    func missingForm() throws {
        let daemon = try DaemonProcess(cart)
        try daemon.start()
        let file = daemon.folder.appending(path: "plural.yaml")
        try Data(Self.file.replacingOccurrences(of: "few: 'pliki', ", with: "").utf8).write(to: file)
        let run = try daemon.run("apply", file.path)
        #expect(run.status == 1 && run.err.contains("`plural` in \"pl\" needs `few` too"), "\(run.err)")
    }

    @Test("UTF-16 is refused in words", arguments: ["apply", "track"])
    func utf16(command: String) throws {
        let daemon = try DaemonProcess(cart)
        try daemon.start()
        let file = daemon.folder.appending(path: "wide.yaml")
        try #require(Self.file.data(using: .utf16)).write(to: file)
        let run = try daemon.run(command, file.path)
        #expect(run.status != 0 && run.err.contains("it is in UTF-16: save it as UTF-8"), "\(run.err)")
    }
}
