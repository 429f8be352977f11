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
        "money and numbers, by language",
        arguments: [
            ("12.5|currency:'EUR'", "€12.50"), ("1234.5|currency:'USD'", "$1,234.50"), ("-3|currency:'GBP'", "-£3.00"),
            ("1234.5|currency:'JPY'", "¥1,235"), ("1.2345|currency:'KWD'", "KWD\u{a0}1.235"),
            ("12|currency:'chf'", "CHF\u{a0}12.00"), ("'12.50'|currency:'EUR'", "€12.50"),
            ("1.005|currency:'EUR'", "€1.01"),
            ("12.5|currency:'EUR','fr'", "12,50\u{a0}€"),
            ("1234567.891|currency:'EUR','fr-FR'", "1\u{202f}234\u{202f}567,89\u{a0}€"),
            ("1234.5|currency:'EUR','de'", "1.234,50\u{a0}€"), ("1234.5|currency:'EUR','it'", "1.234,50\u{a0}€"),
            ("1234.5|currency:'EUR','es'", "1234,50\u{a0}€"), ("12345.5|currency:'EUR','es'", "12.345,50\u{a0}€"),
            ("1234.5|currency:'BRL','pt'", "R$\u{a0}1.234,50"),
            ("12345.5|currency:'EUR','pt-PT'", "12\u{a0}345,50\u{a0}€"),
            ("1234.5|currency:'EUR','nl'", "€\u{a0}1.234,50"), ("-1234.5|currency:'EUR','nl'", "€\u{a0}-1.234,50"),
            ("1234|currency:'JPY','ja'", "¥1,234"), ("12.5|currency:'EUR',user.language", "12,50\u{a0}€"),
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
            ("{{ 'abc'|date }}", "failed: line 1, column 10: `date` cannot use \"abc\""),
            ("a\n  {{ event.words|date }}", "failed: line 2, column 18: `date` cannot use a list"),
            ("{{ event.big|date }}", "failed: line 1, column 14: `date` cannot use 9223372036854775807"),
            ("{{ event.at|date:'%Y',event.item }}", "failed: line 1, column 13: there is no time zone \"Lamp\""),
            ("{{ event.at|date:event.blank }}", "failed: line 1, column 13: the date format is empty"),
            ("{{ 'x'|plus:1 }}", "failed: line 1, column 8: `plus` cannot use \"x\""),
            ("{{ 1|plus:event.words }}", "failed: line 1, column 6: `plus` cannot use a list"),
            ("{{ 1|divided_by:event.zero }}", "failed: line 1, column 6: `divided_by` by 0"),
            ("{{ event.big|plus:1 }}", "failed: line 1, column 14: `plus` gives a number that is too large"),
            (
                "{{ 1|currency:event.item }}",
                "failed: line 1, column 6: `currency` takes three letters, like \"EUR\", not \"Lamp\""
            ),
            ("{{ 'abc'|currency:'EUR' }}", "failed: line 1, column 10: `currency` cannot use \"abc\""),
            ("{{ 5|join }}", "failed: line 1, column 6: `join` cannot use 5"),
            (
                "{{ 'abc'|truncate:'x' }}",
                "failed: line 1, column 10: `truncate` takes a whole number from 0, not \"x\""
            ),
            ("{{ 1|number:21 }}", "failed: line 1, column 6: `number` gives 20 digits at most"),
            ("{% for x in 5 %}{% endfor %}", "failed: line 1, column 13: `for` takes a list, not 5"),
            (
                "{% for a, b in event.words %}{% endfor %}",
                "failed: line 1, column 16: `for` with two names takes a mapping, not a list"
            ),
            ("{{ 'abc'|date|default:'x' }}", "failed: line 1, column 10: `date` cannot use \"abc\""),
        ]
    )
    func unusable(template: String, expected: String) {
        #expect(Sample.render(template) == expected)
    }
}
