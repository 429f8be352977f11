import Engine
import Host
import Templates

// Rendering alone, on one core: a push of two fields with four values, and an HTML letter with a loop. Prints the time
// of one message for each.
func template(_ text: String) throws -> Template { try Template(text, languages: KnownLanguages.all) }

let push = [
    try template("{{ user.first_name|default:'there' }}, your {{ event.item }} waits"),
    try template("Only {{ event.count }} left for {{ event.price }}. Tap to go on."),
]
let letter = [
    try template("{{ event.order }} is on its way"),
    try template(
        """
        <h1>Hello {{ user.first_name|capitalize }}</h1>
        {% for item in event.items %}<p>{{ forloop.index }}. {{ item.name }}: {{ item.price|currency:"EUR","fr" }}</p>
        {% endfor %}{% if user.plan == "gold" %}<p>Your gold price, until {{ event.until|date:"%-d %B" }}</p>{% endif %}
        """
    ),
]
let item: Value = .object(["name": "Lamp & shade", "price": 149.5])
let scope = TemplateScope(
    event: [
        "product_id": "lamp", "item": "Lamp", "count": 3, "price": 149.5, "order": "4711",
        "items": [item, item, item], "until": "2026-03-02T10:00:00Z",
    ],
    profile: ["email": "ann@example.com", "first_name": "Ann", "plan": "gold", "push_tokens": ["t1"]],
    user: "u1",
    campaign: "cart",
    now: Instant(milliseconds: 0),
    zone: { _ in .utc }
)

func nanoseconds(_ templates: [Template], _ escaping: Escaping, rounds: Int) throws -> Int {
    let clock = ContinuousClock()
    let begin = clock.now
    var bytes = 0
    for _ in 0..<rounds {
        var budget = RenderBudget()
        for template in templates {
            bytes += try template.render(scope, escaping: escaping, budget: &budget).utf8.count
        }
    }
    let elapsed = clock.now - begin
    precondition(bytes > rounds * 50, "every message has a text")
    return Int(
        (Double(elapsed.components.seconds) * 1e9 + Double(elapsed.components.attoseconds) / 1e9) / Double(rounds)
    )
}

for round in 1...3 {
    let first = try nanoseconds(push, .text, rounds: 200_000)
    let second = try nanoseconds(letter, .html, rounds: 50_000)
    print("round \(round): a push \(first) ns, a letter \(second) ns")
}
