import Foundation
import Testing

let cart = """
    campaign: cart
    trigger: {type: custom_event, event: add_to_cart, where: {property: value, gte: 100}}
    delay: 1s
    exceptions: [{type: purchase, same: product_id}]
    messages: [{channel: email, subject: "Your {{ event.item }}", body: "Hello {{ user.first_name }}"}]
    """
let slow = """
    campaign: slow
    trigger: {type: custom_event, event: add_to_cart}
    delay: 1h
    re_eligibility: {after: 0s}
    messages: [{channel: in_app, title: later}]
    """
let welcome = """
    campaign: welcome
    trigger: {type: session_start}
    messages: [{channel: in_app, title: "Hi {{ user.first_name }}", priority: high}]
    """

/// An event in, a message out, a reason for everything: through the command line and the socket.
@Suite(.serialized)
struct MainJobTests {
    @Test("a cart left behind is mailed about; one that was bought is not; explain says why")
    func carts() throws {
        let daemon = try DaemonProcess(cart)
        try daemon.start()
        for user in ["ann", "bob"] {
            let tracked = try daemon.run(
                "track",
                "--user",
                user,
                "--set",
                "email=\(user)@example.com",
                "--set",
                "first_name=\(user)",
                "--event",
                "add_to_cart",
                "--property",
                "value=120",
                "--property",
                "item=Lamp",
                "--property",
                "product_id=lamp"
            )
            #expect(tracked.status == 0)
            #expect(tracked.out.contains("scheduled"))
        }
        try daemon.run("track", "--user", "bob", "--purchase", "chair", "--price", "1")
        #expect(try daemon.codes("bob") == ["scheduled"])
        try daemon.run("track", "--user", "bob", "--purchase", "lamp", "--price", "1")
        try daemon.run("track", "--user", "cy", "--event", "add_to_cart", "--property", "value=99.5")
        try daemon.wait("ann's letter") { try daemon.codes("ann").first == "delivered" }
        let letters = try daemon.letters()
        #expect(letters.count == 1)
        #expect(letters[0].contains("To: ann@example.com"))
        #expect(letters[0].contains("Subject: Your Lamp"))
        #expect(try daemon.codes("bob") == ["cancelled_by_exception", "scheduled"])
        #expect(try daemon.codes("cy") == ["property_filter_mismatch"])
        let near = try daemon.run("explain", "cy", "cart").out
        #expect(near.hasPrefix("cy never triggered cart; what came nearest:\n"))
        #expect(near.contains("value gte 100") && near.contains("99.5"))
        let accounts = try daemon.run("campaigns").out
        #expect(accounts.contains("matched 2, waiting 0, delivered 1, cancelled_by_exception 1"), "\(accounts)")
        #expect(try daemon.run("explain", "nobody").out.contains("nobody called nobody is known"))
        #expect(daemon.stop() == 0)
    }

    @Test("a session carries the message; two devices never both have it; acknowledged it is delivered")
    func inApp() throws {
        let daemon = try DaemonProcess(welcome)
        try daemon.start()
        let session = try daemon.run(
            "track",
            "--user",
            "u",
            "--set",
            "first_name=Ada",
            "--session-start",
            "--device",
            "phone",
            "--json"
        )
        let message = session.json.first?["message"] as? [String: Any]
        #expect((message?["fields"] as? [String: String])?["title"] == "Hi Ada")
        #expect(try daemon.run("inbox", "u", "--device", "tablet").out.contains("nothing to show"))
        #expect(try daemon.run("inbox", "u", "--device", "phone", "--acknowledge").out.contains("Hi Ada"))
        #expect(try daemon.codes("u") == ["delivered", "queued_in_app", "scheduled"])
        #expect(try daemon.run("inbox", "u", "--device", "phone").out.contains("nothing to show"))
    }

    @Test("in-app: put off for a better moment, then clicked, which another campaign hears")
    func inAppActions() throws {
        let daemon = try DaemonProcess(
            """
            campaign: hello
            trigger: {type: custom_event, event: e}
            messages: [{channel: in_app, title: "Hi {{ user.id }}"}]
            """,
            """
            campaign: follow-up
            trigger: {type: campaign_interaction, action: in_app_clicked, campaign: hello}
            messages: [{channel: push, title: "You clicked"}]
            """
        )
        try daemon.start()
        try daemon.run("track", "--user", "u", "--set", "push_tokens=[\"t\"]", "--event", "e")
        #expect(try daemon.run("inbox", "u", "--hold", "1h").out.contains("Hi u"))
        #expect(try daemon.codes("u").first == "iam_held")
        #expect(try daemon.run("inbox", "u").out.contains("nothing to show"))
        try daemon.run("track", "--user", "v", "--set", "push_tokens=[\"t\"]", "--event", "e")
        #expect(try daemon.run("inbox", "v", "--hold", "0s").status == 0)
        #expect(try daemon.run("inbox", "v", "--action", "clicked").out.contains("Hi v"))
        try daemon.wait("the follow-up") { try daemon.codes("v", "follow-up").first == "delivered" }
        #expect(try daemon.codes("v", "hello") == ["delivered", "iam_held", "queued_in_app", "scheduled"])
        #expect(try daemon.run("inbox", "v", "--action", "eaten").status == 2)
    }

    @Test("1.1.4: an item that was sent at once on several channels gives its first answer again, over a restart too")
    func duplicateOfSends() throws {
        let daemon = try DaemonProcess(
            """
            campaign: both
            trigger: {type: custom_event, event: e}
            messages: [{channel: push, title: a}, {channel: email, subject: b, body: b}, {channel: in_app, title: c}]
            """,
            """
            campaign: other
            trigger: {type: custom_event, event: e}
            messages: [{channel: push, title: a}, {channel: email, subject: b, body: b}]
            """
        )
        try daemon.start()
        let line =
            #"{"user": "u", "id": "1", "set": {"email": "u@example.com", "push_tokens": ["t"]}, "type": "custom_event", "event": "e"}"#
        let first = try daemon.run("track", "-", "--json", input: line).json[0]["decisions"] as? [Any] ?? []
        #expect(first.count == 3)
        try daemon.wait("the outcomes") { try daemon.codes("u").filter { $0 == "delivered" }.count == 4 }
        daemon.kill()
        try daemon.start()
        let again = try daemon.run("track", "-", "--json", input: line).json[0]["decisions"] as? [Any] ?? []
        #expect(NSArray(array: again).isEqual(to: first))
    }

    @Test(
        "1.1.4: the same id with the same item gives the first answer; with another one it is refused, over a restart too"
    )
    func duplicates() throws {
        let daemon = try DaemonProcess(slow)
        try daemon.start()
        let line = #"{"user": "u", "id": "e1", "type": "custom_event", "event": "add_to_cart", "properties": {"n": 1}}"#
        let first = try daemon.run("track", "-", "--json", input: line).json[0]
        #expect(first["result"] as? String == "accepted")
        for restarts in [false, true] {
            if restarts {
                daemon.kill()
                try daemon.start()
            }
            let again = try daemon.run("track", "-", "--json", input: line).json[0]
            #expect(again["result"] as? String == "duplicate")
            #expect(NSArray(array: again["decisions"] as? [Any] ?? []).isEqual(to: first["decisions"] as? [Any] ?? [0]))
            let other = try daemon.run("track", "-", "--json", input: line.replacingOccurrences(of: "1}", with: "2}"))
            #expect(other.status == 1)
            #expect((other.json[0]["error"] as? String)?.contains("was used for another item") == true)
        }
        #expect(try daemon.codes("u") == ["scheduled"])
    }

    @Test("1.1.4: of 1,000 copies at once exactly one is taken")
    func copies() throws {
        let daemon = try DaemonProcess(slow)
        try daemon.start()
        let payload = Wire.track(user: "u", id: "same", event: "add_to_cart")
        let results = Lines()
        let threads = (0..<10).map { _ in
            BackgroundThread {
                let wire = try Wire(daemon.socket)
                for call in 0..<100 {
                    try wire.send(stream: UInt32(call * 2 + 1), "triggerd.v1.Events", "Track", payload)
                }
                for _ in 0..<100 { results.add(try wire.answer()) }
            }
        }
        for thread in threads { try thread.join() }
        let answers = results.all
        #expect(answers.count == 1_000)
        // The reply: items { result, decisions }; 1 is accepted, 2 is a duplicate.
        #expect(answers.filter { $0.code == 0 && Wire.result($0.payload) == 1 }.count == 1)
        #expect(answers.filter { $0.code == 0 && Wire.result($0.payload) == 2 }.count == 999)
        #expect(Set(answers.map { Wire.decisions($0.payload) }).count == 1)
        #expect(try daemon.codes("u") == ["scheduled"])
    }

    @Test("one bad item refuses its whole request, naming item and field, and changes nothing")
    func badItem() throws {
        let daemon = try DaemonProcess(slow)
        try daemon.start()
        let wire = try Wire(daemon.socket)
        let good = Wire.item(user: "u", id: "", event: "add_to_cart")
        let bad = Wire.item(user: "u", id: "", event: "")
        try wire.send(stream: 1, "triggerd.v1.Events", "Track", Wire.field(1, good) + Wire.field(1, bad))
        let answer = try wire.answer()
        #expect(answer.code == 3)
        #expect(answer.text == "items[1].custom_event.event: is empty")
        #expect(try daemon.run("explain", "u").out.contains("nobody called u is known"))
        try wire.send(stream: 3, "triggerd.v1.Events", "Track", [0xff, 0xff])
        #expect(try wire.answer().code == 3)
        try wire.send(stream: 5, "triggerd.v1.Events", "Track", Wire.field(1, Wire.field(1, Array("a\0b".utf8))))
        #expect(try wire.answer().text.contains("NUL"))
    }

    @Test("a file of lines is answered line by line, in order; a bad one harms no other; statuses 0, 1, 2")
    func lines() throws {
        let daemon = try DaemonProcess(slow)
        try daemon.start()
        let lines = """
            {"user": "u", "id": "1", "type": "custom_event", "event": "add_to_cart"}
            {"user": "u", "id": "2", "type": "custom_event", "evnt": "x"}
            not json
            {"user": "u", "id": "3", "type": "purchase", "product_id": "p", "price": 1.5, "currency": "EUR"}
            {"user": "u", "id": "4", "type": "attributes", "set": {"email": "no address"}}
            {"user": "u", "id": "5", "type": "attributes", "set": {"plan": "gold"}}
            """
        let output = try daemon.run("track", "-", "--json", input: lines)
        #expect(output.status == 1)
        #expect(output.json.map { $0["line"] as? Int } == [1, 2, 3, 4, 5, 6])
        #expect(
            output.json.map { $0["result"] as? String } == [
                "accepted", "error", "error", "accepted", "error", "accepted",
            ]
        )
        #expect(output.err.contains("3 accepted, 0 duplicates, 3 errors"))
        #expect(try daemon.run("track", "--user", "u", "--event", "e").status == 0)
        #expect(try daemon.run("track", "--user", "u").status == 2)
        #expect(try daemon.run("nonsense").status == 2)
    }

    @Test("a text with a zero byte is refused, wherever it stands: half of a user's id is another user's")
    func zeroBytes() throws {
        let daemon = try DaemonProcess(slow)
        try daemon.start()
        let event = #""type": "custom_event", "event": "add_to_cart""#
        let lines = #"""
            {"user": "victim\u0000x", \#(event)}
            {"user": "v", "id": "1\u0000", \#(event)}
            {"user": "v", \#(event), "properties": {"a": [{"b": 1}, {"c": ["", "\u0000"]}]}}
            {"user": "v", \#(event), "properties": {"a\u0000": 1}}
            {"user": "v", "type": "attributes", "set": {"plan": "gold\u0000"}}
            {"user": "other", \#(event)}
            """#
        let output = try daemon.run("track", "-", input: lines)
        #expect(output.status == 1)
        for line in [
            "line 1: user: holds a zero byte\n", "line 2: id: holds a zero byte\n",
            "line 3: properties.a[1].c[1]: holds a zero byte\n",
            "line 4: properties.a\u{fffd}: holds a zero byte\n", "line 5: set.plan: holds a zero byte\n",
            "1 accepted, 0 duplicates, 5 errors",
        ] { #expect(output.err.contains(line), "\(output.err)") }
        let zero = #"a="x\u0000y""#
        let flag = try daemon.run("track", "--user", "v", "--event", "add_to_cart", "--property", zero)
        #expect(flag.status == 2)
        #expect(flag.err.contains("properties.a: holds a zero byte"), "\(flag.err)")
        let preview = try daemon.run("preview", "slow", "--user", "v", "--event", #"{"a": {"b": "\u0000"}}"#)
        #expect(preview.status == 2)
        #expect(preview.err.contains("--event: a.b: holds a zero byte"), "\(preview.err)")
        for user in ["victim", "v"] {
            #expect(try daemon.run("explain", user).out.contains("nobody called \(user) is known"))
        }
    }

    @Test("what the daemon answers is never cut at a zero byte: U+FFFD stands in its place")
    func zeroBytesOfAnswers() throws {
        let daemon = try DaemonProcess(
            """
            campaign: zero
            trigger: {type: session_start}
            messages: [{channel: in_app, title: "a\\0b"}]
            """
        )
        try daemon.start()
        let shown = try daemon.run("preview", "zero", "--user", "u")
        #expect(shown.out.hasSuffix("in_app\n  title: a\u{fffd}b\n"), "\(shown.out)\(shown.err)")
    }

    @Test("`email` is an address, or a list of 1 to 16; what is none is named with its place")
    func addresses() throws {
        let daemon = try DaemonProcess(cart)
        try daemon.start()
        func set(_ value: String) throws -> DaemonProcess.Output {
            try daemon.run("track", "-", input: #"{"user": "u", "type": "attributes", "set": {"email": \#(value)}}"#)
        }
        let many = (0..<17).map { "\"\($0)@example.com\"" }.joined(separator: ",")
        for (value, says) in [
            ("[]", "set.email: a list has 1 to 16 addresses, not 0; null removes the address"),
            ("[\(many)]", "set.email: a list has 1 to 16 addresses, not 17"),
            (#"["a@x", "b"]"#, "set.email[1]: \"b\" is not an e-mail address"),
            ("[1]", "set.email[0]: 1 is not an e-mail address"), ("5", "set.email: 5 is not an e-mail address"),
        ] {
            let refused = try set(value)
            #expect(refused.status == 1)
            #expect(refused.err.contains("line 1: \(says)"), "\(refused.err)")
        }
        #expect(try set(#"["a@example.com", "b@example.com"]"#).status == 0)
        try daemon.run("track", "--user", "u", "--event", "add_to_cart", "--property", "value=120")
        try daemon.wait("the letter") { try daemon.codes("u").first == "delivered" }
        let letters = try daemon.letters()
        #expect(letters.count == 1)
        let letter = letters.first ?? ""
        #expect(letter.contains("a@example.com") && letter.contains("b@example.com"), "\(letter)")
        #expect(try set("null").status == 0)
    }

    @Test("bad campaigns: file, line, key and the nearest key; which plug-ins are loaded; all or nothing")
    func badCampaigns() throws {
        let daemon = try DaemonProcess()
        try daemon.start()
        let bad = slow.replacingOccurrences(of: "delay:", with: "dealy:")
        let refused = try daemon.run("apply", "-", input: bad)
        #expect(refused.status == 1)
        #expect(
            refused.err.contains(
                "standard input:3: campaign slow: dealy: there is no key `dealy`; did you mean `delay`?"
            )
        )
        let unserved = try daemon.run(
            "apply",
            "-",
            input: welcome.replacingOccurrences(of: "session_start", with: "geofence")
        )
        #expect(unserved.err.contains("no loaded plug-in serves the trigger type \"geofence\""))
        #expect(unserved.err.contains("location, purchase, session_start"))
        let broken = cart.replacingOccurrences(of: "{{ event.item }}", with: "{% if %}")
        #expect(try daemon.run("apply", "-", input: slow + "\n---\n" + broken).status == 1)
        #expect(try daemon.run("campaigns").out.contains("no campaigns"))
        #expect(try daemon.run("apply", "-", input: slow).status == 0)
        #expect(try daemon.run("apply", "-", input: slow).out.contains("unchanged"))
    }

    @Test("3.4: a stop ends what waits, in the queue too; a resume restores nothing")
    func stop() throws {
        let daemon = try DaemonProcess(slow, welcome)
        try daemon.start()
        try daemon.run("track", "--user", "u", "--event", "add_to_cart")
        try daemon.run("track", "--user", "v", "--session-start")
        #expect(try daemon.run("stop", "slow").status == 0)
        try daemon.wait("the end of what waits") { try daemon.codes("u") == ["campaign_stopped", "scheduled"] }
        try daemon.run("track", "--user", "u", "--event", "add_to_cart")
        #expect(try daemon.codes("u").first == "campaign_not_live")
        try daemon.run("resume", "slow")
        try daemon.run("track", "--user", "u", "--event", "add_to_cart")
        #expect(try daemon.codes("u").first == "scheduled")
        #expect(try daemon.run("stop", "nothing").status == 1)
    }
}
