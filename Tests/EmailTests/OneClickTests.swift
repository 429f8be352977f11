import ChannelEmail
import Foundation
import PluginKit
import Testing

/// One-click unsubscribing (RFC 8058), read and verified by Python.
@Suite struct OneClickTests {
    private static let secret = "a secret of some length, é"

    private func letter(
        _ given: [(String, String)],
        fields: [(String, String)] = [],
        user: String = "ann & bob/ü?=+",
        key: String = "cart/3/u-1/7f/email"
    ) throws -> Letter {
        let settings = [("data_folder", "/d"), ("from", "shop@example.com")] + given
        let message = Message(
            key: key,
            campaign: "cart",
            user: user,
            addresses: ["u@example.com"],
            fields: ([("subject", "Hi"), ("body", "Hello")] + fields).map { Value.Member($0.0, .string($0.1)) },
            deadline: .max
        )
        return try Letter(message, EmailSettings(.object(settings.map { Value.Member($0.0, .string($0.1)) })))
    }

    private static func settings(_ url: String) -> [(String, String)] {
        [("unsubscribe_url", url), ("unsubscribe_secret", secret)]
    }

    @Test(arguments: ["https://example.com/bye", "https://example.com/bye?superuser=a%20b", "https://example.com/bye?"])
    func theLinkIsKnownAsOurs(_ url: String) throws {
        let bytes = try letter(Self.settings(url)).bytes(dateMs: 0)
        let verified = try Python.verify(bytes, secret: Self.secret)
        #expect(verified.ours)
        #expect(verified.user == "ann & bob/ü?=+")
        #expect(verified.campaign == "cart")
        #expect(verified.key == "cart/3/u-1/7f/email")
        #expect(verified.post == "List-Unsubscribe=One-Click")
        #expect(verified.targets.count == 1 && verified.targets[0].hasPrefix(url))
        #expect(try Python.parse(bytes).isWellFormed)
        // Another secret, and another user in the link, are not.
        #expect(try !Python.verify(bytes, secret: Self.secret + "x").ours)
        #expect(try !Python.verify(bytes, secret: Self.secret, changing: ("user=ann", "user=eve")).ours)
    }

    @Test func aFixedLinkStandsBeside() throws {
        let settings = Self.settings("https://example.com/bye") + [("list_unsubscribe", "mailto:bye@example.com")]
        let verified = try Python.verify(letter(settings).bytes(dateMs: 0), secret: Self.secret)
        #expect(verified.ours)
        #expect(verified.targets.count == 2)
        #expect(verified.targets.last == "mailto:bye@example.com")
    }

    @Test func theMessagesOwnLinkReplacesAll() throws {
        let settings = Self.settings("https://example.com/bye") + [("list_unsubscribe", "mailto:bye@example.com")]
        let own = try letter(settings, fields: [("list_unsubscribe", "https://example.com/own")])
        let parsed = try Python.parse(own.bytes(dateMs: 0))
        #expect(parsed.unsubscribe == "<https://example.com/own>")
        // Whoever serves an https: link takes the POST as well; a letter to an address is written by the reader.
        #expect(parsed.unsubscribePost == "List-Unsubscribe=One-Click")
        let written = try letter(settings, fields: [("list_unsubscribe", "mailto:own@example.com")])
        let letter = try Python.parse(written.bytes(dateMs: 0))
        #expect(letter.unsubscribe == "<mailto:own@example.com>")
        #expect(letter.unsubscribePost == nil)
    }

    @Test func aLinkThatIsTooLongForAHeaderIsRefused() throws {
        func sends(_ length: Int) -> Bool {
            do {
                let letter = try letter(
                    Self.settings("https://example.com/bye"),
                    user: String(repeating: "u", count: length)
                )
                return try Python.parse(letter.bytes(dateMs: 0)).longestLine <= 998
            } catch {
                return false
            }
        }
        #expect(sends(700))
        #expect(!sends(900))
    }

    @Test(
        arguments: [
            (["unsubscribe_url": "https://example.com/"], "unsubscribe_url needs unsubscribe_secret"),
            (["unsubscribe_secret": "hidden hidden hidden"], "unsubscribe_secret is of no use"),
            (["unsubscribe_url": "https://example.com/", "unsubscribe_secret": "hidden"], "unsubscribe_secret: it is"),
            (
                ["unsubscribe_url": "http://example.com/", "unsubscribe_secret": "hidden hidden hidden"],
                "unsubscribe_url: it is not"
            ),
            (
                ["unsubscribe_url": "https://example.com/?a=b&key=c", "unsubscribe_secret": "hidden hidden hidden"],
                "unsubscribe_url: it is not"
            ),
            (
                ["unsubscribe_url": "https://example.com/#x", "unsubscribe_secret": "hidden hidden hidden"],
                "unsubscribe_url: it is not"
            ),
            (
                ["unsubscribe_url": "https://example.com/a b", "unsubscribe_secret": "hidden hidden hidden"],
                "unsubscribe_url: it is not"
            ),
        ]
    )
    func aFaultNamesItsSettingAndNoSecret(_ given: [String: String], _ beginning: String) throws {
        do {
            _ = try letter(given.map { ($0.key, $0.value) })
            Issue.record("taken")
        } catch {
            #expect("\(error)".hasPrefix(beginning), "\(error)")
            #expect(!"\(error)".contains("hidden"))
        }
    }
}
