import ChannelEmail
import Testing

/// Servers that answer anything to anything.
struct SMTPDialogueRandomTests {
    @Test("every letter ends once, and none waits for what nobody owes it", arguments: [false, true])
    func everyLetterEnds(pipelining: Bool) {
        var chance = SeededGenerator(seed: 20_261_128)
        for story in 0..<2_000 where !run(story, pipelining, &chance) { return }
    }

    /// Gives false where it went wrong.
    private func run(_ story: Int, _ pipelining: Bool, _ chance: inout SeededGenerator) -> Bool {
        var offers = SMTPOffers()
        offers.pipelining = pipelining
        var dialogue = SMTPDialogue(offers)
        var server = AnyServer()
        var begun = 0
        var underWay: Set<Int> = []
        var isOver = false
        while !isOver, begun < 6 || !underWay.isEmpty {
            if begun < 6, dialogue.takesLetter, underWay.isEmpty || Bool.random(using: &chance) {
                begun += 1
                underWay.insert(begun)
                dialogue.begin(envelope(begun, &chance))
            } else if !dialogue.output.isEmpty {
                let count = Int.random(in: 1...dialogue.output.count, using: &chance)
                server.read(dialogue.output.prefix(count))
                dialogue.sent(count)
            } else if let reply = server.reply(&chance) {
                for event in dialogue.received(ArraySlice(reply.utf8)) {
                    switch event {
                    case .wantsContent(let id): dialogue.content(Array("text\r\n".utf8), of: id)
                    case .ended(let id, _):
                        guard underWay.remove(id) != nil else {
                            Issue.record("story \(story): letter \(id) ended again")
                            return false
                        }
                    case .closed: isOver = true
                    }
                }
            } else if !dialogue.takesLetter || begun == 6 {
                Issue.record("story \(story): \(underWay) wait, and the server owes no answer")
                return false
            }
        }
        if !underWay.isEmpty { Issue.record("story \(story): \(underWay) did not end with the connection") }
        return underWay.isEmpty
    }

    private func envelope(_ id: Int, _ chance: inout SeededGenerator) -> SMTPDialogue.Envelope {
        SMTPDialogue.Envelope(
            id: id,
            sender: "s@x",
            recipients: (0..<Int.random(in: 1...3, using: &chance)).map {
                .init(address: "u\($0)@x", profile: "u\($0)@x")
            },
            copies: (0..<Int.random(in: 0...2, using: &chance)).map { "c\($0)@x" }
        )
    }
}

/// Owes an answer to each command, and to each content.
private struct AnyServer {
    private var line: [UInt8] = []
    private var owed: [String] = []
    private var takesContent = false

    mutating func read(_ bytes: ArraySlice<UInt8>) {
        for byte in bytes {
            line.append(byte)
            guard byte == UInt8(ascii: "\n") else { continue }
            let text = String(decoding: line, as: UTF8.self)
            line = []
            if !takesContent {
                owed.append(text)
            } else if text == ".\r\n" {
                takesContent = false
                owed.append(text)
            }
        }
    }

    mutating func reply(_ chance: inout SeededGenerator) -> String? {
        guard !owed.isEmpty else { return nil }
        let isData = owed.removeFirst() == "DATA\r\n"
        let usual = [
            isData ? "354 go on" : "250 good", isData ? "354 go on" : "250 good", "550 5.1.1 nobody", "452 later",
        ]
        let odd = ["250 good", "354 go on", "421 closing", "no reply"]
        let isOdd = Int.random(in: 0..<40, using: &chance) == 0
        let reply = (isOdd ? odd : usual).randomElement(using: &chance)!
        if isData, reply.hasPrefix("354") { takesContent = true }
        return reply + "\r\n"
    }
}
