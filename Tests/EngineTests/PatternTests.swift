import Engine
import Testing

@Suite struct PatternTests {
    @Test(
        "2.2, 13: found anywhere, whatever the case",
        arguments: [
            ("gmail\\.com$", "a@GMAIL.com", true), ("gmail\\.com$", "a@gmail.com.au", false), ("^a.c$", "abc", true),
            ("^a.c$", "a\nc", false), ("a{2,3}b", "xaab", true), ("^a{2,3}$", "aaaa", false), ("[^0-9]", "123", false),
            ("[a-cx]{3}", "BXA", true), ("\\d+\\s\\w", "12 é", true), ("\\bcat\\b", "a cat.", true),
            ("\\bcat\\b", "concat", false), ("(?:ab|cd)+e", "abcde", true), ("colou?r", "COLOR", true), ("", "", true),
            ("x*", "", true), ("[[:digit:]]", "a7", true), ("[\\]-]", "]", true), ("\\x{e9}", "É", true),
            ("a|", "zzz", true), ("(?s)a.c", "a\nc", true), ("(?m)^b$", "a\nb\nc", true), ("\\Qa.b\\E", "axb", false),
            ("(?<name>é+)", "été", true), ("[^a]", "A", false),
        ]
    )
    func finds(text: String, whole: String, expected: Bool) throws {
        #expect(try Pattern(text).isFound(in: whole) == expected)
    }

    @Test(
        "what is no expression, and what cannot be searched for in bounded time, is refused",
        arguments: ["(", "a{3,1}", "[z-a]", "*a", "(a)\\1", "(?=a)", "(?<!a)b", "a++", "\\p{Nonsense}", "a{5000}"]
    )
    func refuses(text: String) {
        #expect(throws: PatternFault.self) { try Pattern(text) }
    }

    @Test("an expression that would run for ever elsewhere is done at once", .timeLimit(.minutes(1)))
    func bounded() throws {
        let whole = String(repeating: "a", count: 5_000) + "!"
        #expect(try !Pattern("^(a+)+$").isFound(in: whole))
        #expect(try !Pattern("(a|aa)*(a|aa)*(a|aa)*b").isFound(in: whole))
        #expect(throws: PatternFault.self) { try Pattern("((a{100}){100}){100}") }
    }
}
