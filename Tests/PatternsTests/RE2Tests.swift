import Engine
import Patterns
import Testing

@Suite struct RE2Tests {
    @Test(
        "2.2, 13: found anywhere, whatever the case",
        arguments: [
            ("gmail\\.com$", "a@GMAIL.com", true), ("gmail\\.com$", "a@gmail.com.au", false), ("^a.c$", "abc", true),
            ("^a.c$", "a\nc", false), ("a{2,3}b", "xaab", true), ("^a{2,3}$", "aaaa", false), ("[^0-9]", "123", false),
            ("[a-cx]{3}", "BXA", true), ("\\d+\\s\\pL", "12 é", true), ("\\bcat\\b", "a cat.", true),
            ("\\bcat\\b", "concat", false), ("(?:ab|cd)+e", "abcde", true), ("colou?r", "COLOR", true), ("", "", true),
            ("x*", "", true), ("[[:digit:]]", "a7", true), ("[\\]-]", "]", true), ("\\x{e9}", "É", true),
            ("a|", "zzz", true), ("(?s)a.c", "a\nc", true), ("(?m)^b$", "a\nb\nc", true), ("\\Qa.b\\E", "axb", false),
            ("(?P<name>é+)", "été", true), ("[^a]", "A", false), ("^.$", "é", true), ("(?-i)a", "A", false),
            ("b$", "ab\n", false),
        ]
    )
    func finds(text: String, whole: String, expected: Bool) throws {
        var work = FilterWork()
        #expect(try RE2.pattern(Text(text)).isFound(in: Text(whole), within: &work) == expected)
    }

    @Test("bytes are searched: no letter is another that Unicode calls equal")
    func bytes() throws {
        let composed = "\u{e9}"
        let decomposed = "e\u{301}"
        var work = FilterWork()
        #expect(try RE2.pattern(Text(composed)).isFound(in: Text(decomposed), within: &work) == false)
        #expect(try RE2.pattern(Text("^.$")).isFound(in: Text(decomposed), within: &work) == false)
        #expect(try RE2.pattern(Text(composed)) != RE2.pattern(Text(decomposed)))
    }

    @Test(
        "what is no expression, and what cannot be searched for in bounded time, is refused in RE2's words",
        arguments: [
            ("(", "missing ): ("), ("a{3,1}", "invalid repetition size: {3,1}"),
            ("[z-a]", "invalid character class range: z-a"), ("*a", "no argument for repetition operator: *"),
            ("(a)\\1", "invalid escape sequence: \\1"), ("(?=a)", "invalid perl operator: (?="),
            ("(?<!a)b", "invalid perl operator: (?<"), ("a++", "bad repetition operator: ++"),
            ("\\p{Nonsense}", "invalid character class range: \\p{Nonsense}"),
            ("a{5000}", "invalid repetition size: {5000}"), ("((a{100}){100}){100}", "invalid repetition size: {100}"),
            ("\\pL{200}", "pattern too large - compile failed"),
        ]
    )
    func refuses(text: String, why: String) {
        #expect(throws: PatternFault(text: why)) { try RE2.pattern(Text(text)) }
    }

    @Test("an expression that would run for ever elsewhere is done at once", .timeLimit(.minutes(1)))
    func bounded() throws {
        let whole = Text(String(repeating: "a", count: 5_000) + "!")
        var work = FilterWork()
        #expect(try RE2.pattern("^(a+)+$").isFound(in: whole, within: &work) == false)
        #expect(try RE2.pattern("(a|aa)*(a|aa)*(a|aa)*b").isFound(in: whole, within: &work) == false)
    }

    static let bombs = [
        "((((){1000}){1000}){1000}){1000}",
        String(repeating: "[", count: 150) + "x" + String(repeating: "]", count: 150),
        String(repeating: "(", count: 16_000) + "x",
        String(repeating: "(?:", count: 180) + String(repeating: ")*", count: 180),
        String(repeating: ".{1000}", count: 1_000),
    ]

    @Test("what is small and compiles to much is done at once", .timeLimit(.minutes(1)), arguments: bombs)
    func bounded(text: String) {
        guard let pattern = try? RE2.pattern(Text(text)) else { return }
        var work = FilterWork()
        _ = pattern.isFound(in: Text(String(repeating: "k\u{212a}é", count: 1_000)), within: &work)
    }

    @Test("one pattern is searched for by many threads at once")
    func threads() async throws {
        let pattern = try RE2.pattern("[ab].{9}c$")
        let found = await withTaskGroup(of: Bool?.self) { group in
            for count in 0..<64 {
                group.addTask {
                    var work = FilterWork()
                    let text = String(repeating: "ab", count: 50 + count) + (count % 2 == 0 ? "c" : "d")
                    return pattern.isFound(in: Text(text), within: &work)
                }
            }
            return await group.reduce(into: 0) { $0 += $1 == true ? 1 : 0 }
        }
        #expect(found == 32)
    }
}
