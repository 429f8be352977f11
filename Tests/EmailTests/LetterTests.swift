import ChannelEmail
import Testing

/// The bytes of a letter, judged by Python's parser.
@Suite struct LetterTests {
    private static let sender = "Shop <shop@example.com>"

    private func letter(
        key: String = "c/1/u/e/email",
        from: String = sender,
        to: [String] = ["u@example.com"],
        subject: String = "Hello",
        content: Letter.Content = .text("Good day.")
    ) throws -> Letter {
        Letter(
            name: StableName(key: key),
            from: try Mailbox(parsing: from),
            to: try to.map { try Mailbox(address: $0) },
            subject: subject,
            content: content,
            origin: "example.com"
        )
    }

    @Test func everyHeaderIsThereOnce() throws {
        var letter = try letter()
        letter.replyTo = try Mailbox(parsing: "Help <help@example.com>")
        letter.unsubscribe = Unsubscribe([try #require(UnsubscribeLink("https://example.com/bye?u=1"))])
        let parsed = try Python.parse(letter.bytes(dateMs: 1_772_445_600_999))
        #expect(parsed.isWellFormed, "\(parsed.defects)")
        #expect(
            parsed.names == [
                "Date", "From", "To", "Reply-To", "Subject", "Message-ID", "List-Unsubscribe", "MIME-Version",
                "Content-Type", "Content-Transfer-Encoding",
            ]
        )
        #expect(parsed.date == "2026-03-02T10:00:00+00:00")
        #expect(parsed.from == [["Shop", "shop@example.com"]])
        #expect(parsed.to == [["", "u@example.com"]])
        #expect(parsed.replyTo == [["Help", "help@example.com"]])
        #expect(parsed.unsubscribe == "<https://example.com/bye?u=1>")
        #expect(parsed.messageId == "<c=2F1=2Fu=2Fe=2Femail@example.com>")
        #expect(parsed.parts.map(\.text) == ["Good day.\r\n"])
    }

    @Test(
        arguments: [
            "Hello", "Ünïcödé", "Ваша корзина ждёт вас, и мы сохранили её до завтрашнего вечера, не забудьте о ней",
            "カートに商品が残っています。お早めにお買い求めください。カートに商品が残っています。",
            "👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", "=?utf-8?q?not_an_encoded_word?=", "a  b   c", "100 % = all_of_it?",
            "Your cart is waiting for you, and it will go on waiting until you come back to it some day, or even later",
            String(repeating: "x", count: 3000), String(repeating: "ß", count: 3000),
            "a word of seventy characters " + String(repeating: "y", count: 69),
        ]
    )
    func aSubjectComesBackAsItWas(_ subject: String) throws {
        let bytes = try letter(subject: subject).bytes(dateMs: 0)
        let parsed = try Python.parse(bytes)
        #expect(parsed.subject == subject)
        #expect(parsed.isWellFormed, "\(parsed.defects)")
        // RFC 5322, 2.1.1, and for lines with encoded words RFC 2047, 2.
        #expect(parsed.longestLine <= (subject.utf8.allSatisfy { $0 < 0x80 } ? 78 : 76))
    }

    @Test(
        arguments: [
            "Hello\r\nBcc: evil@example.com", "Hello\nBcc: evil@example.com", "Hello\rBcc: evil@example.com",
            "Hello\r\n\r\n<b>body</b>", "Hello\u{2028}Bcc: evil@example.com", "Hello\u{85}Bcc: evil@example.com",
            "Hello\0Bcc: evil@example.com", "Héllo\r\nBcc: evil@example.com", "=?utf-8?q?x?=\r\nBcc: evil@example.com",
        ]
    )
    func aSubjectAddsNoHeader(_ subject: String) throws {
        let parsed = try Python.parse(try letter(subject: subject).bytes(dateMs: 0))
        #expect(parsed.isWellFormed, "\(parsed.defects)")
        #expect(!parsed.names.contains("Bcc"))
        #expect(parsed.names.count == 8)
        #expect(parsed.parts.map(\.text) == ["Good day.\r\n"])
        let folded = subject.replacing("\r\n", with: " ")
        let expected = String(String.UnicodeScalarView(folded.unicodeScalars.map { isControl($0) ? " " : $0 }))
        #expect(parsed.subject == expected)
    }

    private func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || scalar.value == 0x85 || scalar.value == 0x2028
    }

    @Test func aBodyAddsNoPart() throws {
        let digest = StableName(key: "c/1/u/e/email").digest
        let hostile = "--=_\(digest)\r\nContent-Type: text/html\r\n\r\nevil\r\n--=_\(digest)--\r\n.\r\nQUIT"
        let parsed = try Python.parse(try letter(content: .both(text: hostile, html: "<p>good</p>")).bytes(dateMs: 0))
        #expect(parsed.isWellFormed, "\(parsed.defects)")
        #expect(parsed.parts.map(\.type) == ["text/plain", "text/html"])
        #expect(parsed.parts[0].text.trimmingSuffix("\r\n") == hostile)
    }

    @Test func textAndHTMLAreAlternatives() throws {
        let bytes = try letter(content: .both(text: "Grüße", html: "<p>Grüße</p>")).bytes(dateMs: 0)
        let parsed = try Python.parse(bytes)
        #expect(parsed.type == "multipart/alternative")
        #expect(parsed.parts.map(\.type) == ["text/plain", "text/html"])
        #expect(parsed.parts.map(\.charset) == ["utf-8", "utf-8"])
        #expect(parsed.parts.map { $0.text.trimmingSuffix("\r\n") } == ["Grüße", "<p>Grüße</p>"])
        #expect(parsed.isWellFormed, "\(parsed.defects)")
    }

    @Test func htmlMayStandAlone() throws {
        let parsed = try Python.parse(try letter(content: .html("<p>Hi</p>")).bytes(dateMs: 0))
        #expect(parsed.type == "text/html")
        #expect(parsed.parts.map(\.text) == ["<p>Hi</p>\r\n"])
    }

    @Test(
        arguments: [
            ("", "quoted-printable"), ("plain", "quoted-printable"), ("a = b\r\n\r\n.\r\n..two", "quoted-printable"),
            ("From here\nFrom there\n", "quoted-printable"), ("trailing \t\nspace ", "quoted-printable"),
            ("one\rtwo\nthree\r\nfour", "quoted-printable"), ("\0\u{1}", "quoted-printable"),
            (String(repeating: "long ", count: 2000), "quoted-printable"),
            (String(repeating: "x", count: 75), "quoted-printable"),
            (String(repeating: "x", count: 76), "quoted-printable"),
            (String(repeating: "x", count: 77), "quoted-printable"),
            (String(repeating: "=", count: 99), "quoted-printable"),
            (String(repeating: "é and text ", count: 99), "quoted-printable"),
            (String(repeating: "日本語", count: 500), "base64"), ("日本\n語\r\n", "base64"), ("語", "base64"),
        ]
    )
    func aBodyComesBackAsItWas(_ body: String, _ encoding: String) throws {
        let parsed = try Python.parse(try letter(content: .text(body)).bytes(dateMs: 0))
        #expect(parsed.parts.map(\.encoding) == [encoding])
        var expected = body.replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        if !expected.isEmpty, !expected.hasSuffix("\n") { expected += "\n" }
        #expect(parsed.parts.map(\.text) == [expected.replacing("\n", with: "\r\n")])
        #expect(parsed.isWellFormed, "\(parsed.defects)")
        // RFC 2045, 6.7 (5) and 6.8.
        #expect(parsed.longestLine <= 76)
    }

    @Test(
        arguments: [
            ("Shop <a@example.com>", "Shop"), ("\"Smith, John\" <a@example.com>", "Smith, John"),
            ("Smith, John <a@example.com>", "Smith, John"), ("\"Quo\\\"ted\\\\\" <a@example.com>", "Quo\"ted\\"),
            ("Ünï (cödé), <a@example.com>", "Ünï (cödé),"), ("日本のお店 <a@example.com>", "日本のお店"),
            (
                String(repeating: "Very Long ", count: 5) + "<a@example.com>",
                String(repeating: "Very Long ", count: 4) + "Very Long"
            ),
            ("=?utf-8?q?x?= <a@example.com>", "=?utf-8?q?x?="), ("<a@example.com>", ""), ("a@example.com", ""),
        ]
    )
    func aNameComesBackAsItWas(_ from: String, _ name: String) throws {
        let parsed = try Python.parse(try letter(from: from).bytes(dateMs: 0))
        #expect(parsed.from == [[name, "a@example.com"]])
        #expect(parsed.isWellFormed, "\(parsed.defects)")
        #expect(parsed.longestLine <= 78)
    }

    @Test func allAddressesOfAUserAreWrittenTo() throws {
        let addresses = (0..<20).map { "user.\($0)@a-rather-long-domain-name.example.com" }
        let parsed = try Python.parse(try letter(to: addresses).bytes(dateMs: 0))
        #expect(parsed.to == addresses.map { ["", $0] })
        #expect(parsed.longestLine <= 78)
    }

    @Test func theSameLetterGivesTheSameBytes() throws {
        let content = Letter.Content.both(text: "a", html: "b")
        let first = try letter(content: content).bytes(dateMs: 5)
        let second = try letter(content: content).bytes(dateMs: 5)
        #expect(first == second)
    }

    /// Texts that nobody thought of, from a seed that names them again.
    @Test func anyTextComesBackAsItWas() throws {
        var chance = SeededGenerator(seed: 20_260_302)
        let alphabet = Array("aZ09 =?_.,:;<>@\"\\()[]-\tßéжשа日本😀\u{301}\u{200D}\u{FEFF}\u{10FFFF}".unicodeScalars)
        func text(_ most: Int) -> String {
            let scalars = (0..<Int.random(in: 1...most, using: &chance)).compactMap { _ in
                alphabet.randomElement(using: &chance)
            }
            // The parser strips white space around a header's text, as does the letter.
            return "x" + String(String.UnicodeScalarView(scalars)) + "x"
        }
        let subjects = (0..<300).map { _ in text(200).replacing("\t", with: " ") }
        let bodies = (0..<300).map { _ in text(500) }
        let letters = try zip(subjects, bodies).map { try letter(subject: $0, content: .text($1)).bytes(dateMs: 0) }
        let parsed = try Python.parse(letters)
        #expect(parsed.count == letters.count)
        for (index, letter) in parsed.enumerated() {
            #expect(letter.subject == subjects[index])
            #expect(letter.parts.first?.text == bodies[index] + "\r\n")
            #expect(letter.isWellFormed && letter.longestLine <= 78, "\(letter.defects)")
        }
    }
}

/// SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension String {
    func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(unicodeScalars.dropLast(suffix.unicodeScalars.count)) : self
    }
}
