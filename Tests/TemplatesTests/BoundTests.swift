import Engine
import Templates
import Testing

/// Every bound below it, at it and above it, and templates nobody would write.
struct BoundTests {
    @Test("the text of a template", arguments: [(-1, true), (0, true), (1, false)])
    func text(over: Int, isTaken: Bool) {
        let text = String(repeating: "x", count: TemplateLimits().longestText + over)
        #expect(((try? Template(text)) != nil) == isTaken)
    }

    @Test("blocks within blocks", arguments: [(31, true), (32, true), (33, false)])
    func nesting(depth: Int, isTaken: Bool) {
        let text =
            String(repeating: "{% if true %}", count: depth) + "x" + String(repeating: "{% endif %}", count: depth)
        #expect(Sample.render(text) == "x" || !isTaken)
        let fault = "fault: line 1, column \(32 * 13 + 1): blocks stand within each other more than 32 deep"
        #expect(Sample.render(text) == fault || isTaken)
    }

    @Test("expressions within expressions", arguments: [(30, true), (31, true), (32, false)])
    func expressions(parentheses: Int, isTaken: Bool) {
        let text = "{{ \(String(repeating: "(", count: parentheses))5\(String(repeating: ")", count: parentheses)) }}"
        #expect((Sample.render(text) == "5") == isTaken)
        let negations = "{% if \(String(repeating: "not ", count: parentheses))true %}{% endif %}"
        #expect((Sample.fault(negations) == "no fault") == isTaken)
        let brackets =
            String(repeating: "event[", count: parentheses) + "1" + String(repeating: "]", count: parentheses)
        #expect((Sample.fault("{{ \(brackets) }}") == "no fault") == isTaken)
    }

    @Test("the steps of a render", arguments: [(-1, true), (0, true), (1, false)])
    func steps(over: Int, isTaken: Bool) throws {
        // The loop itself, then for each element its turn and the two nodes within.
        let elements = [Value](repeating: 1, count: 1_000)
        let template = try Template("{% for x in event.list %}{{ x }}.{% endfor %}")
        var limits = TemplateLimits()
        limits.mostSteps = 1 + 3 * elements.count - over
        var budget = RenderBudget(limits)
        let scope = Sample.scope(event: ["list": .array(elements)])
        let result = Result { () throws(RenderFault) in
            try template.render(scope, escaping: .text, budget: &budget)
        }
        #expect((try? result.get()) == (isTaken ? String(repeating: "1.", count: 1_000) : nil))
        if !isTaken {
            #expect(throws: RenderFault.failed("it takes more than \(limits.mostSteps) steps")) { try result.get() }
        }
    }

    @Test("the bytes of a render, as they leave", arguments: [(-1, true), (0, true), (1, false)])
    func output(over: Int, isTaken: Bool) throws {
        let half = String(repeating: "x", count: (1 << 20) + (64 << 10) - 6 + over)
        let scope = Sample.scope(event: ["a": .string(half), "b": "&x"])
        let template = try Template("{{ event.a }}{{ event.b }}")
        let given = try? template.render(scope, escaping: .html)
        #expect(given?.utf8.count == (isTaken ? (1 << 20) + (64 << 10) + over : nil))
    }

    @Test("a text on the way", arguments: [(-1, true), (0, true), (1, false)])
    func textOnTheWay(over: Int, isTaken: Bool) throws {
        let half = String(repeating: "x", count: 1 << 19)
        let scope = Sample.scope(event: [
            "a": .string(half), "b": .string(half.dropLast(1) + (over == 1 ? "xx" : over == 0 ? "x" : "")),
        ])
        let template = try Template("{% assign y = event.a|append:event.b %}{{ y|size }}")
        #expect((try? template.render(scope, escaping: .text)) == (isTaken ? String((1 << 20) + over) : nil))
    }

    @Test("the elements of a list that a filter makes", arguments: [(9_999, true), (10_000, true), (10_001, false)])
    func list(count: Int, isTaken: Bool) throws {
        let text = Array(repeating: "x", count: count)
        let scope = Sample.scope(event: ["a": .string(text.joined(separator: ",")), "b": .string(text.joined())])
        for split in ["event.a|split:','", "event.b|split:''"] {
            let given = try? Template("{{ \(split)|size }}").render(scope, escaping: .text)
            #expect(given == (isTaken ? String(count) : nil))
        }
    }

    @Test("fields that share a budget share it")
    func sharedBudget() throws {
        let template = try Template("{{ event.a }}")
        let scope = Sample.scope(event: ["a": .string(String(repeating: "x", count: 600_000))])
        var budget = RenderBudget()
        _ = try template.render(scope, escaping: .text, budget: &budget)
        #expect(throws: RenderFault.failed("all fields together give more than 1114112 bytes")) {
            try template.render(scope, escaping: .text, budget: &budget)
        }
    }

    @Test(
        "what could go on for ever ends soon",
        arguments: [
            "{% for a in event.l %}{% for b in event.l %}{% for c in event.l %}{% endfor %}{% endfor %}{% endfor %}",
            "{% assign s = 'xxxxxxxx' %}{% for a in event.l %}{% assign s = s|append:s %}{% endfor %}",
            "{% for a in event.l %}{{ event.text|replace:event.near,'yy'|size }}{% endfor %}",
            "{% for a in event.l %}{% if event.text contains event.near %}{% endif %}{% endfor %}",
            "{% for a in event.l %}{{ event.text|title|truncatewords:3 }}{% endfor %}",
            "{% for a in event.l %}{% if event.wide == event.wide %}{% endif %}{% endfor %}",
            "{% for a in event.l %}{{ event.wide.last }}{% for b in event.l %}{{ event.wide.x }}{% endfor %}{% endfor %}",
            "{% for a in event.l %}{{ event.l|json|size }}{% endfor %}{% for a in event.l %}{{ event.l }}{% endfor %}",
        ]
    )
    func endless(template: String) throws {
        let scope = Sample.scope(event: [
            "l": .array([Value](repeating: 1, count: 5_000)),
            "text": .string(String(repeating: "a", count: 300_000)),
            "near": .string(String(repeating: "a", count: 100_000) + "b"),
            "wide": .object(Object((0..<20_000).map { .init("member-\($0)", 1) })),
        ])
        let template = try Template(template)
        let took = ContinuousClock().measure {
            #expect(throws: RenderFault.self) { try template.render(scope, escaping: .html) }
        }
        // 100 ms in a release build.
        #expect(took < .seconds(20))
    }

    @Test("a long template is parsed in one pass")
    func long() {
        let pieces = [
            "{{ event.item|upcase }}", "{% if event.a or event.b %}x{% endif %}", "{# x #}", "{% assign x = 1 %}",
        ]
        for piece in pieces + [
            "{% if event.a" + String(repeating: " or event.a", count: 5_000) + " %}{% endif %}", "{{",
        ] {
            let text = String(repeating: piece, count: (200 << 10) / piece.utf8.count)
            let took = ContinuousClock().measure { _ = try? Template(text) }
            #expect(took < .seconds(20), "\(piece.prefix(40))")
        }
    }

    @Test("what is constant is tried when a template is read, in bounded time, and no further")
    func constants() {
        let growing = "{{ 'a'" + String(repeating: "|replace:'a','aaaaaaaaaa'", count: 6) + " }}"
        let text = String(repeating: growing, count: (250 << 10) / growing.utf8.count)
        let took = ContinuousClock().measure { #expect(throws: Never.self) { _ = try Template(text) } }
        #expect(took < .seconds(5))
    }

    @Test("random templates neither crash nor hang", arguments: [1, 2, 3, 4] as [UInt64])
    func random(seed: UInt64) {
        var numbers = Numbers(state: seed)
        let parts = [
            "{{", "}}", "{%", "%}", "{#", "#}", "-", " ", "\n", "'", "\"", "|", ":", ",", ".", "[", "]", "(", ")", "==",
            "<", " in ", " or ", " and ", " not ", "event", "user", "campaign.id", "event.items", "event.item", "x",
            "5",
            "-1", "2.5", "if ", "elif ", "else", "endif", "for x in ", "endfor", "unless ", "assign x = ", "abort",
            "raw", "endraw", "comment", "endcomment", "forloop.index", "é", "👨‍👩‍👧", "\r\n", "text", "{{ event.item }}",
            "{% if event.item %}", "{% endif %}", "{% for x in event.items %}", "{% endfor %}", "{{ x }}", "limit: 2",
            "%Y", "break", "continue",
        ]
        let filters = [
            "date", "currency:'EUR'", "truncate:5", "replace:'a','b'", "plural:'a','b'", "split:''", "json", "size",
            "join", "round:2", "divided_by:event.zero", "newline_to_br", "default:5", "first", "last", "title", "url",
            "number",
        ]
        let scope = Sample.scope()
        for _ in 0..<4_000 {
            var text = ""
            for _ in 0..<(1 + numbers.next(24)) {
                text +=
                    numbers.next(5) == 0 ? "|" + filters[numbers.next(filters.count)] : parts[numbers.next(parts.count)]
            }
            guard let template = try? Template(text) else { continue }
            _ = try? template.render(scope, escaping: .html)
        }
        // Well-formed ones, so that filters meet values of every kind.
        let values = Sample.event.members.map { $0.name }
        for _ in 0..<4_000 {
            var text = "{{ event['\(values[numbers.next(values.count)])']"
            for _ in 0..<(1 + numbers.next(4)) { text += "|" + filters[numbers.next(filters.count)] }
            let template = try? Template(text + " }}")
            #expect(template != nil, "\(text)")
            _ = try? template?.render(scope, escaping: .text)
        }
    }
}

/// The same numbers on every run.
private struct Numbers {
    var state: UInt64

    mutating func next(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
    }
}
