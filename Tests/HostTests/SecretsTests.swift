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
        #expect(throws: SettingFault.self) { try ChannelSettingFields.secret(in: path) }
    }
}
