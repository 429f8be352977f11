/// What is said over one connection once it is open: MAIL, RCPT, DATA and the content, letter after
/// letter. It decides and does no input or output.
///
/// Where the server offers PIPELINING (RFC 2920), a letter's commands go out together, and with the end
/// of the content of the letter before; else one after the other's reply.
package struct SMTPDialogue {
    package typealias Envelope = SMTPTransaction.Envelope

    package enum Event: Equatable {
        /// The server waits for this letter's content: `content` is to be called.
        case wantsContent(Int)
        case ended(Int, Ending)
        /// No letter can be begun any more; those under way are ended.
        case closed
    }

    package enum Ending: Equatable {
        case decided(SMTPVerdict)
        /// The connection ended before the server could have all of the letter; with what it had said of that, or of the
        /// letter.
        case lost(SMTPReply?)
        /// It ended after that, and without the answer.
        case unknown
    }

    private enum Command: Equatable {
        case reset
        case sender
        case recipient(Int)
        case copy(String)
        case data
        case content
        /// The dot that ends a content which nobody is to get.
        case lonelyDot
    }

    private struct Step {
        let command: Command
        let id: Int
    }

    package let offers: SMTPOffers
    /// What is to be sent next; `sent` takes it away.
    package private(set) var output: [UInt8] = []
    /// At most two: one whose content is given, and one begun behind it.
    private var transactions: [SMTPTransaction] = []
    /// What was put out and is not answered yet.
    private var asked: [Step] = []
    /// What waits for a reply before it is put out.
    private var held: [(step: Step, line: String)] = []
    private var parser: SMTPReplyParser
    private var needsReset = false
    private var isClosed = false
    /// Bytes since the beginning.
    private var totalSent = 0

    /// - Parameter secrets: what no reply's text is to give back.
    package init(_ offers: SMTPOffers, hiding secrets: [String] = []) {
        self.offers = offers
        parser = SMTPReplyParser(hiding: secrets)
    }

    /// Whether another letter may be begun: none is under way, or one that has its content.
    package var takesLetter: Bool {
        !isClosed
            && (transactions.isEmpty || offers.pipelining && transactions.count == 1 && transactions[0].end != nil)
    }

    package mutating func begin(_ envelope: Envelope) {
        precondition(takesLetter, "a letter is begun while \(transactions.count) are under way")
        transactions.append(SMTPTransaction(envelope))
        if needsReset { hold(.reset, envelope.id, "RSET") }
        needsReset = false
        hold(.sender, envelope.id, "MAIL FROM:<\(envelope.sender)>\(envelope.parameters)")
        for (index, recipient) in envelope.recipients.enumerated() {
            hold(.recipient(index), envelope.id, "RCPT TO:<\(recipient.address)>")
        }
        for address in envelope.copies { hold(.copy(address), envelope.id, "RCPT TO:<\(address)>") }
        hold(.data, envelope.id, "DATA")
        putOut()
    }

    /// Nothing happens where the connection is closed: its end may stand behind the 354.
    /// - Parameter bytes: lines ended by CRLF; dots are doubled here (RFC 5321, 4.5.2).
    package mutating func content(_ bytes: [UInt8], of id: Int) {
        if isClosed { return }
        guard let index = transactions.firstIndex(where: { $0.id == id && $0.end == nil }) else {
            preconditionFailure("content of \(id), which waits for none")
        }
        DotStuffing.append(bytes, to: &output)
        transactions[index].end = totalSent + output.count
        asked.append(Step(command: .content, id: id))
    }

    /// The first `count` bytes of `output` have left.
    package mutating func sent(_ count: Int) {
        if count == output.count { output.removeAll(keepingCapacity: true) } else { output.removeFirst(count) }
        totalSent += count
    }

    package mutating func received(_ bytes: ArraySlice<UInt8>) -> [Event] {
        var rest = bytes
        var events: [Event] = []
        do throws(SMTPReplyParser.Fault) {
            while !isClosed, let reply = try parser.next(&rest) {
                if reply.code == 421 {
                    events += close(reply)
                } else if asked.isEmpty {
                    // A reply to nothing: whose would the next one be?
                    events += close(nil)
                } else {
                    events += answer(asked.removeFirst(), reply)
                    putOut()
                }
            }
        } catch {
            events += close(nil)
        }
        return events
    }

    /// The connection ended, or is ended because of the time.
    package mutating func broke() -> [Event] { isClosed ? [] : close(parser.unfinished(), isWhole: false) }

    /// Whether all of this letter has left, and its answer is what it waits for.
    package func waitsForAnswer(of id: Int) -> Bool {
        transactions.contains { $0.id == id && $0.end.map { $0 <= totalSent } ?? false }
    }

    private mutating func hold(_ command: Command, _ id: Int, _ line: String) {
        held.append((Step(command: command, id: id), line))
    }

    private mutating func putOut() {
        var count = 0
        while count < held.count, offers.pipelining || asked.isEmpty {
            // A copy that is taken where no recipient is would get an empty letter: DATA waits to see.
            let (step, _) = held[count]
            if step.command == .data, hasCopies(step.id), asked.contains(where: { $0.id == step.id }) { break }
            asked.append(held[count].step)
            output += held[count].line.utf8
            output += [0x0D, 0x0A]
            count += 1
        }
        held.removeFirst(count)
    }

    private func hasCopies(_ id: Int) -> Bool { transactions.contains { $0.id == id && !$0.envelope.copies.isEmpty } }

    private mutating func answer(_ step: Step, _ reply: SMTPReply) -> [Event] {
        guard let index = transactions.firstIndex(where: { $0.id == step.id }) else {
            preconditionFailure("\(step.command) of letter \(step.id) was asked, which ended before its answer")
        }
        // 3xx answers DATA alone, and 2xx never does (RFC 5321, 4.3.2): else the two sides are out of step.
        if step.command == .data ? reply.isPositive : reply.code / 100 == 3 { return close(nil) }
        switch step.command {
        case .reset:
            return []
        case .sender:
            transactions[index].sender = reply
            return transactions[index].isSenderRefused ? skipRest(index) : []
        case .recipient(let recipient):
            transactions[index].recipients[recipient] = reply
            return transactions[index].isInVain ? skipRest(index) : []
        case .copy(let address):
            if !reply.isPositive { transactions[index].refusedCopies.append("bcc \(address): \(reply.line)") }
            return transactions[index].isInVain ? skipRest(index) : []
        case .data:
            return answerData(index, reply)
        case .content:
            transactions[index].last = reply
            return end(index)
        case .lonelyDot:
            return end(index)
        }
    }

    /// Of a letter that is in vain: what is not put out yet stays unsaid.
    private mutating func skipRest(_ index: Int) -> [Event] {
        let id = transactions[index].id
        held.removeAll { $0.step.id == id }
        return asked.contains { $0.id == id } ? [] : end(index)
    }

    private mutating func answerData(_ index: Int, _ reply: SMTPReply) -> [Event] {
        let id = transactions[index].id
        if reply.code / 100 == 3 {
            guard transactions[index].isInVain else { return [.wantsContent(id)] }
            // RFC 2920, 3.1: DATA was taken though no recipient was.
            output += [UInt8(ascii: "."), 0x0D, 0x0A]
            asked.append(Step(command: .lonelyDot, id: id))
            return []
        }
        transactions[index].last = reply
        return end(index)
    }

    private mutating func end(_ index: Int) -> [Event] {
        let transaction = transactions.remove(at: index)
        // The content's answer ends a transaction at the server too; a refusal before it leaves it open.
        if transaction.end == nil { needsReset = !transaction.isSenderRefused }
        return [.ended(transaction.id, transaction.verdict.map(Ending.decided) ?? .lost(nil))]
    }

    /// - Parameter isWhole: half a reply refuses nothing for good: what it says of an address may go on otherwise.
    private mutating func close(_ reply: SMTPReply?, isWhole: Bool = true) -> [Event] {
        isClosed = true
        let step = asked.first
        let ended = transactions.map { transaction -> Event in
            var transaction = transaction
            let isMeant = step?.id == transaction.id
            let isAnswer = isMeant && step?.command == .content
            if let reply, isAnswer, isWhole || reply.code < 500 { transaction.last = reply }
            if let verdict = transaction.verdict { return .ended(transaction.id, .decided(verdict)) }
            if let end = transaction.end, end <= totalSent, !(isAnswer && reply != nil) {
                return .ended(transaction.id, .unknown)
            }
            let told = isMeant || reply?.code == 421 ? reply : nil
            let said = [told, transaction.refusal].compactMap { $0 }.first { $0.code >= 400 }
            return .ended(transaction.id, .lost(said))
        }
        transactions = []
        asked = []
        held = []
        output = []
        return ended + [.closed]
    }
}
