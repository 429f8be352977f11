import Engine
import Templates
import Testing

/// Every filter, as a table.
struct FilterTests {
    @Test(
        "texts, lists and numbers",
        arguments: [
            ("event.missing|default:'x'", "x"), ("event.blank|default:'x'", "x"), ("event.no|default:'x'", "x"),
            ("event.zero|default:'x'", "0"), ("event.none|default: event.item", "Lamp"),
            ("'mARY ann'|capitalize", "Mary ann"), ("'élan'|capitalize", "Élan"), ("''|capitalize", ""),
            ("'mARY ann-lee'|title", "Mary Ann-Lee"),
            ("'aß'|upcase", "ASS"), ("'a'|uppercase", "A"), ("'a'|upper", "A"),
            ("'AÉ'|downcase", "aé"), ("'A'|lowercase", "a"), ("'A'|lower", "a"),
            ("'abcdef'|truncate:6", "abcdef"), ("'abcdefg'|truncate:6", "abc..."),
            ("'abcdefg'|truncate:6,'…'", "abcde…"),
            ("'abcdefg'|truncate:3,''", "abc"), ("'abcdefg'|truncate:2", "..."), ("'abc'|truncate:0,''", ""),
            ("event.family|truncate:4", "👨‍👩‍👧é👍🏽x"), ("event.family|truncate:3,'-'", "👨‍👩‍👧é-"), ("event.family|size", "4"),
            ("'a b  c d'|truncatewords:3", "a b c..."), ("'a b c'|truncatewords:3", "a b c"),
            ("'a b c'|truncatewords:1,'!'", "a!"),
            ("'a b&c/é?'|url", "a%20b%26c%2F%C3%A9%3F"), ("'a-b_c.d~'|url_encode", "a-b_c.d~"),
            ("' a b \n'|strip", "a b"), ("'  '|strip", ""),
            ("'aXbX'|replace:'X','yy'", "ayybyy"), ("'aaa'|replace:'aa','b'", "ba"), ("'abc'|replace:'','x'", "abc"),
            ("'b'|append:'c'|prepend:'a'", "abc"), ("'n'|append:5", "n5"),
            ("event.words|join", "one, two, three"), ("event.words|join:'-'", "one-two-three"),
            ("event.words|first", "one"), ("event.words|last", "three"), ("'abc'|first", "a"), ("'abc'|last", "c"),
            ("event.none|first", ""), ("event.words|count", "3"), ("event.size|length", "2"),
            ("'a,b,,c'|split:','|size", "4"), ("'ab'|split:''|join:'.'", "a.b"), ("''|split:','|size", "0"),
            ("event.size|json", #"{"a": 1, "b": "x<y"}"#), ("event.missing|json", "null"), ("'a\"b'|size", "3"),
            ("'a'|json", "\"a\""), ("event.words|json", #"["one", "two", "three"]"#),
            ("event.missing|upcase", ""), ("event.missing|plus:1", ""), ("event.missing|date", ""),
            ("event.one|plural:'item','items'", "item"), ("event.count|plural:'item','items'", "items"),
            ("event.zero|plural:'item','items'", "items"), ("event.zero|plural:'item','items','nothing'", "nothing"),
            ("event.words|plural:'item','items'", "items"), ("-1|plural:'item','items'", "item"),
            ("1.5|plural:'item','items'", "items"), ("'1'|plural:'item','items'", "item"),
            ("2.5|round", "3"), ("-2.5|round", "-3"), ("1.005|round:2", "1.01"), ("'12.50'|round", "13"),
            ("2.1|ceil", "3"), ("-2.1|floor", "-3"), ("-4|abs", "4"), ("-4.5|abs", "4.5"),
            ("3|plus:4", "7"), ("3|minus:4.5", "-1.5"), ("'3'|times:2", "6"), ("7|divided_by:2", "3"),
            ("-7|divided_by:2", "-4"), ("7|divided_by:2.0", "3.5"), ("-7|modulo:3", "2"), ("7.5|modulo:2", "1.5"),
        ]
    )
    func plain(expression: String, expected: String) {
        #expect(Sample.render("{{ \(expression) }}") == expected)
    }

    @Test(
        "arithmetic is exact, as people calculate",
        arguments: [
            ("0.1|times:0.0001", "0.00001"), ("0.00005|plus:0", "0.00005"),
            ("1.5|times:10000000000000000", "15000000000000000"),
            ("19.99|times:100|floor", "1999"), ("50|minus:49.9", "0.1"), ("0.1|plus:0.2", "0.3"),
            ("1.1|times:1.1", "1.21"), ("0.7|plus:0.1|times:10|floor", "8"), ("4.35|times:100|ceil", "435"),
            ("1.005|times:1000|round", "1005"), ("0.3|modulo:0.1", "0"), ("-7.5|modulo:2", "0.5"),
            ("7.5|modulo:-2", "-0.5"), ("5.5|modulo:0.00001", "0"), ("10|divided_by:4.0", "2.5"),
            ("0.3|divided_by:0.1", "3"), ("10|divided_by:3.0", "3.33333333333333"),
            ("2|divided_by:3.0", "0.666666666666667"),
            ("-2|divided_by:3.0", "-0.666666666666667"), ("1.0|divided_by:49", "0.0204081632653061"),
            ("9007199254740991|divided_by:1.0", "9007199254740991"), ("'12.50'|times:'3.1'", "38.75"),
            ("19.99|times:100|divided_by:2", "999.5"), ("1999|divided_by:2", "999"), ("1.5|minus:1.5", "0"),
            ("event.huge|plus:event.tiny|minus:event.huge", "0"), ("event.huge|modulo:2", "0"),
            ("event.tiny|times:event.tiny", "0"), ("event.tiny|plus:1", "1"), ("1e3|plus:1", "fault"),
            ("3|at_least:5", "5"), ("3|at_least:2.5", "3"), ("3.5|at_most:3", "3"), ("'4'|at_most:5", "4"),
            ("-1.5|abs", "1.5"), ("2.675|round:2", "2.68"), ("1.1|ceil", "2"), ("-1.1|ceil", "-1"),
        ]
    )
    func exact(expression: String, expected: String) {
        let scope = Sample.scope(event: ["huge": 1e300, "tiny": 1e-300])
        #expect(Sample.render("{{ \(expression) }}", .text, scope).prefix(while: { $0 != ":" }) == expected)
    }

    @Test("a sum over decimals is what a person adds up")
    func sum() {
        let prices = (0..<1_000).map { _ in Value.object(["price": 0.1]) }
        let text = "{% assign t = 0 %}{% for i in event.l %}{% assign t = t | plus: i.price %}{% endfor %}{{ t }}"
        #expect(Sample.render(text, .text, Sample.scope(event: ["l": .array(prices)])) == "100")
    }

    @Test(
        "plurals have the forms of the language",
        arguments: [
            (
                "pl", "one:'plik',few:'pliki',many:'plików',other:'pliku'",
                [
                    "0 plików", "1 plik", "2 pliki", "5 plików", "11 plików", "12 plików", "22 pliki", "1.5 pliku",
                    "-1 plik",
                ]
            ),
            (
                "ru", "one:'файл',few:'файла',many:'файлов',other:'файла'",
                ["1 файл", "21 файл", "3 файла", "11 файлов"]
            ),
            ("fr", "one:'jour',other:'jours'", ["0 jour", "1 jour", "1.5 jour", "2 jours", "1000000 jours"]),
            ("fr", "one:'jour',many:'de jours',other:'jours'", ["1000000 de jours", "3 jours"]),
            ("en", "one:'item',other:'items',zero:'nothing'", ["0 nothing", "1 item", "2 items"]),
            ("ja", "other:'個'", ["1 個", "2 個"]),
            (
                "ar", "zero:'z',one:'o',two:'t',few:'f',many:'m',other:'x'",
                ["0 z", "1 o", "2 t", "3 f", "11 m", "100 x"]
            ),
            ("lv", "zero:'z',one:'o',other:'x'", ["0 z", "10 z", "21 o", "2 x"]),
            ("cy", "zero:'z',one:'o',two:'t',few:'f',many:'m',other:'x'", ["3 f", "6 m", "7 x"]),
        ]
    )
    func plurals(language: String, forms: String, expected: [String]) {
        for text in expected {
            let number = text.prefix { $0 != " " }
            #expect(Sample.render("{{ \(number) }} {{ \(number)|plural:'\(language)',\(forms) }}") == text)
        }
    }

    @Test("plurals without a language are English, and of one that a value names")
    func pluralLanguages() {
        #expect(Sample.render("{{ 2|plural:one:'item',other:'items' }}") == "items")
        #expect(Sample.render("{{ 0|plural:user.language,one:'o',other:'x' }}") == "o")
        #expect(Sample.render("{{ 0|plural:event.item,one:'o',other:'x' }}") == "x")
        #expect(Sample.render("{{ event.words|plural:'pl',one:'o',few:'f',many:'m',other:'x' }}") == "f")
        #expect(Sample.render("{{ 2|plural:user.language,other:event.item }}") == "Lamp")
        #expect(Sample.render("{% assign one = 1 %}{{ 1|plural:one,'x' }}") == "1")
    }

    @Test(
        "money and numbers, by language",
        arguments: [
            ("12.5|currency:'EUR'", "€12.50"), ("1234.5|currency:'USD'", "$1,234.50"), ("-3|currency:'GBP'", "-£3.00"),
            ("1234.5|currency:'JPY'", "¥1,235"), ("1.2345|currency:'KWD'", "KWD\u{a0}1.235"),
            ("12|currency:'chf'", "CHF\u{a0}12.00"), ("'12.50'|currency:'EUR'", "€12.50"),
            ("1.005|currency:'EUR'", "€1.01"),
            ("12.5|currency:'EUR','fr'", "12,50\u{a0}€"),
            ("1234567.891|currency:'EUR','fr-FR'", "1\u{202f}234\u{202f}567,89\u{a0}€"),
            ("1234.5|currency:'EUR','de'", "1.234,50\u{a0}€"), ("12345.5|currency:'EUR','it'", "12.345,50\u{a0}€"),
            ("1234.5|currency:'EUR','es'", "1234,50\u{a0}€"), ("12345.5|currency:'EUR','es'", "12.345,50\u{a0}€"),
            ("1234.5|currency:'BRL','pt'", "R$\u{a0}1.234,50"),
            ("12345.5|currency:'EUR','pt-PT'", "12\u{a0}345,50\u{a0}€"),
            ("1234.5|currency:'EUR','nl'", "€\u{a0}1.234,50"), ("-1234.5|currency:'EUR','nl'", "€\u{a0}-1.234,50"),
            ("1234|currency:'JPY','ja'", "¥1,234"), ("1234567.5|currency:'INR','hi'", "₹12,34,567.50"),
            ("1234567.5|currency:'PLN','pl'", "1\u{a0}234\u{a0}567,50\u{a0}zł"),
            ("1234.5|currency:'CHF','de-CH'", "CHF\u{a0}1’234.50"), ("-12.5|currency:'SEK','sv'", "−12,50\u{a0}kr"),
            ("12.345|currency:'DEM'", "DEM\u{a0}12.35"), ("1.5|currency:event.code", "XQX\u{a0}1.50"),
            ("-0.001|number:2", "0.00"), ("2.5|number:0", "3"), ("-2.5|number:0", "-3"),
            ("12.5|currency:'EUR',user.language", "12,50\u{a0}€"),
            ("12.5|currency:'EUR',event.missing", "€12.50"), ("12.5|currency:'EUR',event.item", "€12.50"),
            ("-0.001|currency:'EUR'", "€0.00"), ("999.999|currency:'EUR'", "€1,000.00"),
            ("1234567.891|number", "1,234,567.891"), ("1234567.891|number:2", "1,234,567.89"), ("5|number:2", "5.00"),
            ("1234.5|number:1,'de'", "1.234,5"), ("event.big|number", "9,223,372,036,854,775,807"),
            ("0.0000001|number", "0.0000001"), ("'100000000000000000000.5'|number:0", "100,000,000,000,000,000,000"),
        ]
    )
    func money(expression: String, expected: String) {
        #expect(Sample.render("{{ \(expression) }}") == expected)
    }

    @Test(
        "a value that a filter cannot use fails, and says where",
        arguments: [
            ("{{ event.item|date }}", "failed: line 1, column 15: `date` cannot use \"Lamp\""),
            ("a\n  {{ event.words|date }}", "failed: line 2, column 18: `date` cannot use a list"),
            ("{{ event.big|date }}", "failed: line 1, column 14: `date` cannot use 9223372036854775807"),
            ("{{ event.at|date:'%Y',event.item }}", "failed: line 1, column 13: there is no time zone \"Lamp\""),
            ("{{ event.at|date:event.blank }}", "failed: line 1, column 13: the date format is empty"),
            ("{{ event.item|plus:1 }}", "failed: line 1, column 15: `plus` cannot use \"Lamp\""),
            ("{{ 1|plus:event.words }}", "failed: line 1, column 6: `plus` cannot use a list"),
            ("{{ 1|divided_by:event.zero }}", "failed: line 1, column 6: `divided_by` by 0"),
            ("{{ event.big|plus:1 }}", "failed: line 1, column 14: `plus` gives a number that is too large"),
            (
                "{{ 1|currency:event.item }}",
                "failed: line 1, column 6: `currency` takes three letters, like \"EUR\", not \"Lamp\""
            ),
            ("{{ event.item|currency:'EUR' }}", "failed: line 1, column 15: `currency` cannot use \"Lamp\""),
            ("{{ event.count|join }}", "failed: line 1, column 16: `join` cannot use 3"),
            (
                "{{ 'abc'|truncate:event.item }}",
                "failed: line 1, column 10: `truncate` takes a whole number from 0, not \"Lamp\""
            ),
            ("{{ 1|number:event.seconds }}", "failed: line 1, column 6: `number` gives 20 digits at most"),
            ("{% for x in event.count %}{% endfor %}", "failed: line 1, column 13: `for` takes a list, not 3"),
            (
                "{% for a, b in event.words %}{% endfor %}",
                "failed: line 1, column 16: `for` with two names takes a mapping, not a list"
            ),
            ("{{ event.item|date|default:'x' }}", "failed: line 1, column 15: `date` cannot use \"Lamp\""),
        ]
    )
    func unusable(template: String, expected: String) {
        #expect(Sample.render(template) == expected)
    }
}
