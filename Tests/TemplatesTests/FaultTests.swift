import Templates
import Testing

/// What a template gets wrong is found when it is parsed, with its place.
struct FaultTests {
    @Test(
        "a fault has a line, a column, and what mends it",
        arguments: [
            ("{{ evnt.item }}", "line 1, column 4: there is nothing called `evnt`; did you mean `event`?"),
            ("a\nb {{ usr.id }}", "line 2, column 6: there is nothing called `usr`; did you mean `user`?"),
            ("é👍🏽{{ zzzzzzz }}", "line 1, column 6: there is nothing called `zzzzzzz`; there are campaign, event, user"),
            ("\r\n{{ x }}", "line 2, column 4: there is nothing called `x`; there are campaign, event, user"),
            ("{{ event.a|upcas }}", "line 1, column 12: there is no filter `upcas`; did you mean `upcase`?"),
            ("{{ event.a|truncate:1,2,3 }}", "line 1, column 12: `truncate` takes 0 to 2 arguments, not 3"),
            ("{{ event.a|default }}", "line 1, column 12: `default` takes 1 argument, not 0"),
            ("{{ event.a|upcase:1 }}", "line 1, column 12: `upcase` takes no argument, not 1"),
            ("{{ event.a|replace:'x' }}", "line 1, column 12: `replace` takes 2 arguments, not 1"),
            (
                "{{ event.a|default:x: 5 }}",
                "line 1, column 20: there is nothing called `x`; there are campaign, event, user"
            ),
            ("{{ event.a|default:event.b: 5 }}", "line 1, column 27: arguments of a filter have no names"),
            ("{{ event.a|date:'%Q' }}", "line 1, column 17: the date format has no `%Q`"),
            ("{{ event.a|date:'%' }}", "line 1, column 17: the date format ends after `%`; write `%%` for a `%`"),
            ("{{ event.a|date:'%Y','Europe/Pari' }}", "line 1, column 22: there is no time zone \"Europe/Pari\""),
            (
                "{{ event.a|date:'%Y','','xx' }}",
                "line 1, column 25: there is no language \"xx\": write a tag like \"fr\" or \"pt-BR\""
            ),
            (
                "{{ event.a|currency:'EURO' }}",
                "line 1, column 21: \"EURO\" is no currency: write its three letters, like \"EUR\""
            ),
            ("{{ event.a|date:5 }}", "line 1, column 17: `date` takes a format like \"%-d %B\", not 5"),
            ("{{ event.a|date:'%Y',5 }}", "line 1, column 22: there is no time zone \"5\""),
            (
                "{{ event.a|date:'%Y','',5 }}",
                "line 1, column 25: there is no language \"5\": write a tag like \"fr\" or \"pt-BR\""
            ),
            (
                "{{ event.a|currency:'EUR',5 }}",
                "line 1, column 27: there is no language \"5\": write a tag like \"fr\" or \"pt-BR\""
            ),
            ("{{ '2026-02-30'|date:'%Y' }}", "line 1, column 17: `date` cannot use \"2026-02-30\""),
            ("{{ event.a|divided_by:0 }}", "line 1, column 12: `divided_by` by 0"),
            ("{{ event.a|modulo:'0.0' }}", "line 1, column 12: `modulo` by 0"),
            ("{{ 1|divided_by:(2|minus:2) }}", "line 1, column 6: `divided_by` by 0"),
            ("{{ event.a|round:-2 }}", "line 1, column 12: `round` takes a whole number from 0, not -2"),
            ("{{ event.a|round:'x' }}", "line 1, column 12: `round` takes a whole number from 0, not \"x\""),
            ("{{ event.a|round:2.0 }}", "line 1, column 12: `round` takes a whole number from 0, not 2.0"),
            ("{{ event.a|number:400 }}", "line 1, column 12: `number` gives 20 digits at most"),
            ("{{ event.a|truncate:-1 }}", "line 1, column 12: `truncate` takes a whole number from 0, not -1"),
            (
                "{{ event.a|truncatewords:'5' }}",
                "line 1, column 12: `truncatewords` takes a whole number from 0, not \"5\""
            ),
            ("{{ event.a|plus:'a' }}", "line 1, column 12: `plus` cannot use \"a\""),
            ("{{ event.a|at_most:nil }}", "line 1, column 12: `at_most` cannot use nil"),
            ("{{ 'a'|times:2 }}", "line 1, column 8: `times` cannot use \"a\""),
            ("{{ 5|first }}", "line 1, column 6: `first` cannot use 5"),
            (
                "{{ 9223372036854775807|plus:1 }}",
                "line 1, column 24: `plus` gives a number that is too large"
            ),
            ("{% for x in 'abc' %}{% endfor %}", "line 1, column 13: `for` takes a list, not \"abc\""),
            (
                "{% for x,y in 'a'|split:',' %}{% endfor %}",
                "line 1, column 15: `for` with two names takes a mapping, not a list"
            ),
            (
                "{% for x in event.a limit:-1 %}{% endfor %}",
                "line 1, column 13: `limit` takes a number from 0, not -1"
            ),
            ("{{ event.a|currency:'XQX' }}", "line 1, column 21: there is no currency \"XQX\" in ISO 4217"),
            (
                "{{ event.a|plural:'pl',one:'a',other:'b' }}",
                "line 1, column 12: `plural` in \"pl\" needs `few`, `many` too"
            ),
            ("{{ event.a|plural:one:'a' }}", "line 1, column 12: `plural` in \"en\" needs `other` too"),
            ("{{ event.a|plural:user.language,one:'a' }}", "line 1, column 12: `plural` needs `other` too"),
            (
                "{{ event.a|plural:'en',one:'a',few:'c',other:'b' }}",
                "line 1, column 12: \"en\" has no `few`; it has `one`, `other`"
            ),
            ("{{ event.a|plural:one:'a',one:'b' }}", "line 1, column 27: `one` stands twice"),
            (
                "{{ event.a|plural:'tlhx',other:'b' }}",
                "line 1, column 12: there is no language \"tlhx\": write a tag like \"fr\" or \"pt-BR\""
            ),
            (
                "{{ event.a|plural:'a','b',other:'c' }}",
                "line 1, column 12: `plural` takes a language and its forms, not 2 texts"
            ),
            (
                "x {{ event.a",
                "line 1, column 3: {{ is not closed; where it is meant to be read, write {% raw %} around it"
            ),
            (
                "x {% if event.a }}",
                "line 1, column 3: {% is not closed; where it is meant to be read, write {% raw %} around it"
            ),
            (
                "x {# event.a }}",
                "line 1, column 3: {# is not closed; where it is meant to be read, write {% raw %} around it"
            ),
            ("{{ 'a }}", "line 1, column 4: the quote that opens here is not closed"),
            ("{{ }}", "line 1, column 1: there is nothing between the braces"),
            ("{{ event.a event.b }}", "line 1, column 12: nothing more is expected here, but there is `event`"),
            ("{{ event. }}", "line 1, column 10: a name is expected after `.`"),
            ("{{ event.a| }}", "line 1, column 13: a filter is expected after `|`, not the end"),
            ("{{ event[1 }}", "line 1, column 12: `]` is expected, not the end"),
            ("{{ (event.a }}", "line 1, column 13: `)` is expected, not the end"),
            ("{% if event.a = 1 %}{% endif %}", "line 1, column 15: `=` means nothing here; write `==`"),
            ("{% if event.a && 1 %}{% endif %}", "line 1, column 15: `&&` means nothing here; write `and`"),
            ("{% if event.a || 1 %}{% endif %}", "line 1, column 15: `||` means nothing here; write `or`"),
            ("{% if !event.a %}{% endif %}", "line 1, column 7: `!` means nothing here; write `not`"),
            (
                "{% if 1 < 2 < 3 %}{% endif %}",
                "line 1, column 13: two comparisons in a row: put one in parentheses"
            ),
            ("{% if %}{% endif %}", "line 1, column 7: a value is expected, not the end"),
            ("a\n{% if event.a %}\nb", "line 2, column 1: {% if %} is not closed: {% endif %} is missing"),
            ("{% for x in event.a %}{% else %}", "line 1, column 1: {% for %} is not closed: {% endfor %} is missing"),
            (
                "{% for x in event.a %}{% endif %}",
                "line 1, column 26: {% endif %} stands in {% for %} of line 1, which {% endfor %} closes"
            ),
            ("{% endif %}", "line 1, column 4: {% endif %} belongs to nothing that is open"),
            ("{% iff x %}", "line 1, column 4: there is no tag `iff`; did you mean `if`?"),
            ("{% %}", "line 1, column 4: the name of a tag is expected, not the end"),
            ("{% raw %}x", "line 1, column 1: {% endraw %} is missing: what begins here is not closed"),
            ("{% comment %}x", "line 1, column 1: {% endcomment %} is missing: what begins here is not closed"),
            (
                "{% for event in event.a %}{% endfor %}",
                "line 1, column 8: nothing can be called `event`: the name is taken"
            ),
            ("{% for x event.a %}{% endfor %}", "line 1, column 10: `in` is expected, not `event`"),
            (
                "{% for x in event.a %}{% endfor %}{{ x }}",
                "line 1, column 38: there is nothing called `x`; there are campaign, event, user"
            ),
            ("{% assign true = 1 %}", "line 1, column 11: nothing can be called `true`: the name is taken"),
            ("{% assign x 1 %}", "line 1, column 13: `=` is expected, not `1`"),
            ("{{ forloop.index }}", "line 1, column 4: `forloop` means something in a `for` alone"),
            (
                "{% for x in event.a %}{{ forloop.indx }}{% endfor %}",
                "line 1, column 34: `forloop` has no `indx`; did you mean `index`?"
            ),
            ("{% break %}", "line 1, column 4: {% break %} belongs into a `for`"),
            ("{{ campaign.name }}", "line 1, column 13: `campaign` has no `name`; it has `id`"),
            ("{{ campaign }}", "line 1, column 4: `campaign` is no value; write `campaign.id`"),
            ("{{ 12345678901234567890 }}", "line 1, column 4: the number 12345678901234567890 is too large"),
            ("{{ 5x }}", "line 1, column 4: \"5...\" is neither a number nor a name"),
            ("{% abort \"a\" b %}", "line 1, column 14: nothing more is expected here, but there is `b`"),
            ("{% abort_message(x) %}", "line 1, column 18: a reason in quotes is expected, not `x`"),
            ("{{ event.a ; }}", "line 1, column 12: `;` means nothing here"),
        ]
    )
    func faults(template: String, expected: String) {
        #expect(Sample.fault(template) == expected)
    }
}
