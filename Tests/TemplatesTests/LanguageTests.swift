import Engine
import Host
import Templates
import Testing

/// The language, as a table of templates and what they give.
struct LanguageTests {
    @Test(
        "how much of a text its template wrote itself, within tags too",
        arguments: [
            ("http://a/{{ event.item }}", 9), ("http://a/", nil), ("{{ event.item }}/", 0),
            ("ab {%- if event.item %}c{% endif %}", nil), ("ab \n{# remark #}c{{ user.id }}", 5),
            ("{% if event.no %}http://a/{% else %}http://bc/{% endif %}{{ user.id }}", 10),
            ("{% assign h = '10.0.0.5' %}http://{{ h }}/{{ event.item }}", 16),
            ("{% assign h = '10.0.0.5' %}http://{{ h | append: event.item }}/", 7),
            ("{% assign h = event.item %}http://{{ h }}/", 7),
            ("{% assign h = event.item %}{% assign h = 'a' %}http://{{ h }}/", nil),
            ("{% for x in event.words %}1{% endfor %}", 0), ("{% for x in event.none %}1{% endfor %}2", 0),
            ("a{% assign l = 'b,c'|split:',' %}{% for x in l %}{{ x }}{{ forloop.index }}{% endfor %}", nil),
            ("a{% assign l = 'b,c'|split:event.item %}{% for x in l %}{{ x }}{% endfor %}", 1),
            ("a{{ event.missing }}b", 1), ("{{ campaign.id }}{{ 'x'|upcase }}{{ event[user.id] }}", 5),
        ] as [(String, Int?)]
    )
    func own(template: String, expected: Int?) throws {
        var budget = RenderBudget()
        let scope = Sample.scope()
        #expect(
            try Template(template).renderTellingOwn(scope, escaping: .text, budget: &budget).own == expected
        )
    }

    @Test(
        "values",
        arguments: [
            ("plain text, } and { and %}", "plain text, } and { and %}"),
            ("", ""),
            ("{{ event.item }}", "Lamp"),
            ("{{event.item}}{{ user.first_name }}", "LampAnn"),
            ("{{ user.id }} {{ user[\"id\"] }} {{ campaign.id }}", "u<1> u<1> cart"),
            ("[{{ event.missing }}{{ event.missing.too }}{{ event.item.too }}{{ nil }}]", "[]"),
            ("{{ event.price }} {{ event.cents }} {{ event.count }} {{ event.big }}", "150 12.5 3 9223372036854775807"),
            ("{{ event.yes }} {{ event.no }} {{ true }} {{ false }}", "true false true false"),
            ("{{ event.words }}", "one, two, three"),
            ("{{ event.size }}", #"{"a": 1, "b": "x<y"}"#),
            ("{{ 'it' }}{{ \"s\" }}{{ 5 }}{{ -5 }}{{ 2.50 }}", "its5-52.5"),
            ("{{ event.items[0].name }}{{ event.items.1.name }}{{ event.items[-1].name }}", "LampRugRug"),
            (
                "{{ event.items[9].name }}{{ event.words.first }}{{ event.words.last }}{{ event.words.size }}",
                "onethree3"
            ),
            ("{{ event[\"first name\"] }}{{ event['first-name'] }}{{ event.first-name }}", "AdaEveEve"),
            ("{{ event.items[0].tags[event.one] }}", "b"),
            ("{{ event.size.a }}{{ event['size'][\"b\"] }}", "1x<y"),
            ("{{ user.first_name|default:'there' }}", "Ann"),
            ("{{ user.last_name|default:\"there\" }}", "there"),
            ("{{ \"}}\" }}", "}}"),
        ]
    )
    func values(template: String, expected: String) {
        #expect(Sample.render(template) == expected)
    }

    @Test(
        "conditions",
        arguments: [
            ("event.item", true), ("event.blank", false), ("event.none", false), ("event.missing", false),
            ("event.no", false), ("event.zero", true), ("event.spaces", true), ("not event.blank", true),
            ("event.item == 'Lamp'", true), ("event.item != 'Lamp'", false), ("event.count == 3.0", true),
            ("event.count > 2 and event.count < 4", true), ("event.count >= 3", true), ("event.count <= 2", false),
            ("event.text == 12.5", false), ("event.item > 'Kite'", true), ("event.item < 5", false),
            ("event.missing == nil", true), ("event.item == nil", false), ("event.blank == nil", false),
            ("event.blank == blank", true), ("event.spaces == blank", true), ("event.missing == empty", true),
            ("event.none != blank", false), ("event.zero == blank", false),
            ("event.item contains 'am'", true), ("event.words contains 'two'", true),
            ("event.words contains 'x'", false),
            ("'two' in event.words", true), ("'x' not in event.words", true), ("event.size contains 'a'", true),
            ("event.no or event.yes and event.no", false), ("event.yes or event.no and event.no", true),
            ("(event.yes or event.no) and event.no", false), ("not event.no and event.yes", true),
            ("not (event.yes and event.no)", true), ("event.words|size == 3", true),
            ("event.items[0].tags == event.items[0].tags", true), ("event.words == event.none", false),
            ("event.size == event.size", true), ("event.size == event.words", false),
        ]
    )
    func conditions(condition: String, holds: Bool) {
        #expect(Sample.render("{% if \(condition) %}yes{% else %}no{% endif %}") == (holds ? "yes" : "no"))
        #expect(Sample.render("{% unless \(condition) %}no{% else %}yes{% endunless %}") == (holds ? "yes" : "no"))
    }

    @Test(
        "tags",
        arguments: [
            ("{% if false %}a{% elif true %}b{% else %}c{% endif %}", "b"),
            ("{% if false %}a{% elsif false %}b{% else %}c{% endif %}", "c"),
            ("{% if false %}a{% endif %}d", "d"),
            (
                "{% for x in event.words %}{{ forloop.index }}{{ x }}{% if not forloop.last %}, {% endif %}{% endfor %}",
                "1one, 2two, 3three"
            ),
            (
                "{% for x in event.words %}{{ forloop.index0 }}{{ forloop.counter }}{{ forloop.length }}{{ forloop.first }} {% endfor %}",
                "013true 123false 233false "
            ),
            ("{% for x in event.words limit:2 %}{{ x }}{% endfor %}", "onetwo"),
            ("{% for x in event.words limit: event.one %}{{ x }}{% endfor %}", "one"),
            ("{% for x in event.none %}{{ x }}{% else %}nothing{% endfor %}", "nothing"),
            ("{% for x in event.missing %}{{ x }}{% empty %}nothing{% endfor %}", "nothing"),
            (
                "{% for x in event.items %}{% for t in x.tags %}{{ x.name }}{{ t }}{{ forloop.index }} {% endfor %}{% endfor %}",
                "Lampa1 Lampb2 "
            ),
            ("{% for k, v in event.size %}{{ k }}={{ v }};{% endfor %}", "a=1;b=x<y;"),
            ("{% for p in event.size %}{{ p[0] }}{{ p[1] }}{% endfor %}", "a1bx<y"),
            ("{% for x in 'a-b-c'|split:'-' %}{{ x }}{% endfor %}", "abc"),
            ("{% for x in event.words %}{% if x == 'two' %}{% continue %}{% endif %}{{ x }}{% endfor %}", "onethree"),
            ("{% for x in event.words %}{% if x == 'two' %}{% break %}{% endif %}{{ x }}{% endfor %}!", "one!"),
            ("{% assign n = event.items[0].name | upcase %}{{ n }}{% assign n = 5 %}{{ n }}", "LAMP5"),
            (
                "{% assign t = 0 %}{% for i in event.items %}{% assign t = t | plus: i.price %}{% endfor %}{{ t }}",
                "24.5"
            ),
            ("{% for x in event.words %}{% assign x = 1 %}{{ x }}{% endfor %}", "onetwothree"),
            ("a{# {{ nothing }} #}b{% comment %} {% if %} {{ x }} {% endcomment %}c", "abc"),
            ("{% raw %}{{ user.x }}{% if %}{% endraw %}", "{{ user.x }}{% if %}"),
            ("a  {{- event.item -}}  b", "aLampb"),
            ("a\n{%- if true -%}\n b \n{%- endif -%}\n c", "abc"),
            ("a {#- x -#} b", "ab"),
            ("a {%- raw -%} x {%- endraw -%} b", "axb"),
            ("{% if true %}{% abort \"no stock\" %}{% endif %}", "aborted: no stock"),
            ("{% abort_message('too late') %}", "aborted: too late"),
            ("{% abort no stock left %}", "aborted: no stock left"),
            ("{% if false %}{% abort \"x\" %}{% endif %}on", "on"),
        ]
    )
    func tags(template: String, expected: String) {
        #expect(Sample.render(template) == expected)
    }

    @Test(
        "in HTML every value is escaped after all filters; in text none is",
        arguments: [
            ("{{ event.note }}", "<b>\"Tom\" & 'Jo'</b>", "&lt;b&gt;&quot;Tom&quot; &amp; &#39;Jo&#39;&lt;/b&gt;"),
            ("<i>{{ 'a<b' }}</i>", "<i>a<b</i>", "<i>a&lt;b</i>"),
            ("{{ event.note|safe }}", "<b>\"Tom\" & 'Jo'</b>", "<b>\"Tom\" & 'Jo'</b>"),
            ("{{ event.item|append:'<br>' }}", "Lamp<br>", "Lamp&lt;br&gt;"),
            ("{{ 'a<b'|escape }}", "a&lt;b", "a&lt;b"),
            (
                "{{ 'a'|escape|append:event.note }}", "a<b>\"Tom\" & 'Jo'</b>",
                "a&lt;b&gt;&quot;Tom&quot; &amp; &#39;Jo&#39;&lt;/b&gt;"
            ),
            ("{{ event.lines|newline_to_br }}", "a<br>\nb<<br>\nc", "a<br>\nb&lt;<br>\nc"),
            ("{{ event.lines|newline_to_br|safe }}", "a<br>\nb<<br>\nc", "a<br>\nb&lt;<br>\nc"),
            ("{{ event.lines|safe|newline_to_br }}", "a<br>\nb<<br>\nc", "a<br>\nb<<br>\nc"),
            (
                "{{ 'a<'|escape|append:event.lines|newline_to_br }}", "a&lt;a<br>\nb<<br>\nc",
                "a&amp;lt;a<br>\nb&lt;<br>\nc"
            ),
            ("{{ event.size }}", #"{"a": 1, "b": "x<y"}"#, "{&quot;a&quot;: 1, &quot;b&quot;: &quot;x&lt;y&quot;}"),
            ("{{ event.size|json|safe }}", #"{"a": 1, "b": "x<y"}"#, #"{"a": 1, "b": "x\u003cy"}"#),
            ("{{ user.id }}", "u<1>", "u&lt;1&gt;"),
            ("{% assign x = event.note|escape %}{{ x|truncate:8 }}", "&lt;b...", "&amp;lt;b..."),
            ("{{ event.note|upcase|truncate:6 }}", "<B>...", "&lt;B&gt;..."),
        ]
    )
    func escaping(template: String, text: String, html: String) {
        #expect(Sample.render(template, .text) == text)
        #expect(Sample.render(template, .html) == html)
    }

    @Test("many threads ask for the same languages, and for currencies that nobody has")
    func threads() async throws {
        let template = try Template(
            "{{ 1234.5|currency:event.code,event.tag }} {{ 3|plural:event.tag,one:'o',few:'f',other:'x' }} {{ 0|date:'%B','',event.tag }}"
        )
        let tags = ["pl", "ru", "ar", "sv", "zh-TW", "xx-nothing", "sr-Latn", "hi"]
        let codes = (0..<200).map { "Q\(UnicodeScalar(UInt8(65 + $0 / 26)))\(UnicodeScalar(UInt8(65 + $0 % 26)))" }
        let expected = tags.map { tag in codes.map { Self.text(template, tag, $0) } }
        #expect(expected[5][0] == "QAA\u{a0}1,234.50 x January")
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    tags.indices.allSatisfy { tag in
                        codes.indices.allSatisfy { Self.text(template, tags[tag], codes[$0]) == expected[tag][$0] }
                    }
                }
            }
            for await isSame in group { #expect(isSame) }
        }
    }

    private static func text(_ template: Template, _ tag: String, _ code: String) -> String? {
        let scope = Sample.scope(event: ["tag": .string(Text(tag)), "code": .string(Text(code))])
        return try? template.render(scope, escaping: .text)
    }

    @Test(
        "a language is found by an older name, and a region beside a variant",
        arguments: [
            ("iw", "he"), ("IW_IL", "he-IL"), ("in", "id"), ("ji", "yi"), ("mo", "ro"), ("tl", "fil"),
            ("sh", "sr-Latn"),
            ("de-CH-1996", "de-CH"), ("ca-ES-valencia", "ca-ES"), ("zh-TW", "zh-Hant-TW"), ("fr-XX", "fr"),
            ("cmn-TW", "zh-Hant-TW"),
        ]
    )
    func otherNames(tag: String, expected: String) {
        #expect(KnownLanguages.all.named(tag)?.tag == expected)
    }
}
