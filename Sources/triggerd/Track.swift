import ArgumentParser
import Core
import Engine
import Host
import RPC
import Schema

struct Track: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell the daemon what users did.",
        discussion: """
            One item by flags, or JSON lines from a file or a pipe: each an object with user, type, and as it applies \
            id, at, sent_at, history, set, properties. The types, with keys of their own: custom_event (event), \
            purchase (product_id, price, currency, quantity), session_start (device), location (latitude, longitude), \
            campaign_interaction (campaign, action), card_interaction (card, action), attributes. A line that is wrong is told of by its number, and the \
            others are sent. A line has 4 MiB at most, and no key of it stands twice; a whole number beyond 64 bits is \
            refused: send it as text. Prices and quantities may stand in quotes.

            EXAMPLES
              triggerd track --user u1 --event add_to_cart --property cart_value=150
              triggerd track --user u1 --purchase sku-1 --price 9.90 --currency EUR --id order-17
              triggerd track --user u1 --set email=u1@example.com --set plan=gold
              triggerd track events.jsonl --json
              triggerd track --user u1 --event signed_up --at 2024-05-01T10:00:00Z --history
              produce-events | triggerd track - --retry 5m
              triggerd track events.jsonl --stream
            """
    )

    @OptionGroup var daemon: DaemonOption
    @Argument(help: "A file of JSON lines; - is standard input.", completion: .file()) var file: String?
    @Option(help: "The user of the one item.") var user: String?
    @Option(help: "A custom event of that name happened.") var event: String?
    @Option(help: ArgumentHelp("The user bought that product.", valueName: "product")) var purchase: String?
    // What stands behind these two is a number, also where it begins with a minus.
    @Option(
        parsing: .unconditional,
        help: "Of the purchase, which needs one: 9.90; 0 is free, below 0 a refund."
    )
    var price: String?
    @Option(help: "Of the purchase.") var currency: String?
    @Option(parsing: .unconditional, help: "Of the purchase (default: 1).") var quantity: String?
    @Flag(help: "A session started.") var sessionStart = false
    @Option(help: "The client whose session started.") var device: String?
    @Option(help: "An idempotency id, unique per user.") var id: String?
    @Option(help: "When it happened, ISO 8601 (default: now).") var at: String?
    @Option(help: "What the clock that --at is by says now; where it is off, so is --at, and is moved.") var sentAt:
        String?
    @Flag(help: "It counts and is kept, and triggers, cancels and converts nothing.") var history = false
    @Option(
        help: ArgumentHelp("A property; the value is JSON, or else a string.", valueName: "name=value")
    )
    var property: [String] = []
    @Option(
        help: ArgumentHelp("An attribute to set first; null removes it.", valueName: "name=value")
    )
    var set: [String] = []
    @Flag(help: "Show also which campaigns heard it but ask for other properties.") var nearMisses = false
    @Flag(help: "Send a file's lines over one stream: many at once, results as they come.") var stream = false
    @Flag(help: "For each line, as soon as it is answered, one JSON object.") var json = false
    @Option(
        help: ArgumentHelp(
            "Open a broken connection again for so long, and send again what has an id.",
            valueName: "length"
        )
    )
    var retry: String?

    func validate() throws {
        if let retry { _ = try Length(retry, option: "--retry", example: "5m") }
        if file != nil {
            guard user == nil, event == nil, purchase == nil, !sessionStart, set.isEmpty, property.isEmpty, id == nil,
                at == nil, sentAt == nil, !history, price == nil, currency == nil, quantity == nil, device == nil
            else { throw ValidationError("a file's lines hold everything: give either FILE or the flags of one item") }
            return
        }
        if stream { throw ValidationError("--stream is of a file's lines") }
        guard user != nil else { throw ValidationError("name a user with --user, or a file of JSON lines") }
        let kinds = [event != nil, purchase != nil, sessionStart].filter { $0 }.count
        guard kinds <= 1 else { throw ValidationError("--event, --purchase and --session-start are one item each") }
        guard kinds == 1 || !set.isEmpty else {
            throw ValidationError("say what happened: --event, --purchase or --session-start, or --set alone")
        }
        if purchase != nil, price == nil {
            throw ValidationError("say what was paid with --price; --price 0 where it was free")
        }
        if purchase == nil, price != nil || currency != nil || quantity != nil {
            throw ValidationError("--price, --currency and --quantity are of a --purchase")
        }
        if !sessionStart, device != nil { throw ValidationError("--device is of a --session-start") }
        if kinds == 0, !property.isEmpty { throw ValidationError("--property is of an event, --set of the profile") }
        _ = try item()
    }

    func run() async throws {
        let wait = retry.flatMap { Length($0) } ?? .zero
        var tracking = Tracking(daemon: daemon, json: json, tellsNearMisses: nearMisses, retry: wait)
        if let file {
            var reader = try LineReader(file)
            if stream {
                tracking = try await TrackingStream(tracking).send(&reader)
            } else {
                try await tracking.send(&reader)
            }
        } else {
            try await tracking.send(try item())
        }
        try tracking.end(isMany: file != nil)
    }

    /// The one item of the flags.
    private func item() throws -> TrackLine {
        var object: Object = ["user": .string(user ?? "")]
        if let event {
            object["type"] = "custom_event"
            object["event"] = .string(event)
        } else if let purchase {
            object["type"] = "purchase"
            object["product_id"] = .string(purchase)
            object["price"] = price.map(Value.string)
            object["currency"] = currency.map(Value.string)
            object["quantity"] = quantity.map(Value.string)
        } else if sessionStart {
            object["type"] = "session_start"
            object["device"] = device.map(Value.string)
        } else {
            object["type"] = "attributes"
        }
        object["id"] = id.map(Value.string)
        object["at"] = at.map(Value.string)
        object["sent_at"] = sentAt.map(Value.string)
        if history { object["history"] = .boolean(true) }
        if !property.isEmpty { object["properties"] = .object(try Self.pairs(property, "--property")) }
        if !set.isEmpty { object["set"] = .object(try Self.pairs(set, "--set")) }
        do {
            return try TrackLine(number: 1, .object(object))
        } catch {
            throw ValidationError(error.description)
        }
    }

    private static func pairs(_ texts: [String], _ option: String) throws -> Object {
        var names: Set<Text> = []
        return Object(
            try texts.map { text in
                guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                    throw ValidationError("\(option) \(text): write name=value")
                }
                let (name, text) = (String(text[..<equals]), text[text.index(after: equals)...])
                guard names.insert(Text(name)).inserted else {
                    throw ValidationError("\(option) \(name): stands twice")
                }
                do throws(JSONProblem) {
                    return Object.Member(name, try JSONText.value(of: text))
                } catch .notJSON {
                    return Object.Member(name, .string(String(text)))
                } catch {
                    throw ValidationError("\(option) \(name): \(error.text(of: text))")
                }
            }
        )
    }
}
