import Glibc
import Testing

@testable import Host

/// No text that leaves the process holds a secret.
struct SecretsTests {
    @Test(
        "each place of a secret is replaced, and nothing else",
        arguments: [
            (["hunter22"], "535 hunter22 and hunter22", "535 [secret] and [secret]"),
            (["secret"], "250 ok queued secret", "250 ok queued [secret]"),
            (["[secret]"], "[secret][secret]", "[secret][secret]"),
            (["aaaaaa"], "aaaaaaa", "[secret]a"),
            (["pässwörd", "hunter22"], "pässwördhunter22", "[secret][secret]"),
            (["short"], "short", "short"),
            (
                ["whsec_MDEyMzQ1Njc4OWFiY2RlZg\nwhsec_ZmVkY2JhOTg3NjU0MzIxMA", "a name\nhunter22"],
                "a name whsec_ZmVkY2JhOTg3NjU0MzIxMA", "a name [secret]"
            ),
            (["longer than the text"], "text", "text"),
            (["hunter22"], "", ""),
        ]
    )
    func redacted(given: [String], text: String, expected: String) {
        let secrets = Secrets()
        for secret in given { secrets.add(secret) }
        #expect(secrets.redacted(text) == expected)
    }

    @Test("a pipe into which nobody writes is no secret, and holds up nothing", .timeLimit(.minutes(1)))
    func pipe() throws {
        let path = "/tmp/triggerd-secret-\(getpid()).pipe"
        #expect(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        #expect(throws: FieldFault.self) { try ChannelSettingFields.secret(in: path) }
    }

    @Test("what an editor leaves is no part of a secret, and a file of nothing else holds none")
    func file() throws {
        let path = "/tmp/triggerd-secret-\(getpid()).txt"
        defer { unlink(path) }
        func write(_ bytes: some Sequence<UInt8>) {
            unlink(path)
            let file = open(path, O_WRONLY | O_CREAT, 0o600)
            _ = Array(bytes).withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            close(file)
        }
        write("\u{feff}hunter 22\r\n\n".utf8)
        #expect(try ChannelSettingFields.secret(in: path) == "hunter 22")
        for nothing in ["\n\r\n", "\u{feff}", " \t\n"] {
            write(nothing.utf8)
            #expect(throws: FieldFault.self) { try ChannelSettingFields.secret(in: path) }
        }
    }
}
