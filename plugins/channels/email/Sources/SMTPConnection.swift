import PluginKit

/// One connection to a mail server, opened at the first letter and kept for the next.
///
/// It does what `SMTPDialogue` decides. While it waits for the server, it holds a thread.
package final class SMTPConnection: Carrier, @unchecked Sendable {
    // `carry` and `rest` are called one at a time; `abort` touches the link alone.
    private let link: SMTPLink
    private let timeoutMs: Int64
    private let answerMs: Int64
    /// nil: no connection is open.
    private var dialogue: SMTPDialogue?
    /// In the order in which they were begun.
    private var underWay: [Trip] = []
    private var isKept = false
    private var lastUsedMs: Int64 = 0
    private var nextID = 0
    /// What is waited for, and since when.
    private var stage = (id: 0, isAnswer: false, sinceMs: Int64(0))

    /// A letter on its way.
    private struct Trip {
        let id: Int
        let delivery: Delivery
        let bytes: [UInt8]
        /// After which nobody waits for its outcome; of `Clock.monotonicMs`.
        let lastMs: Int64
        /// Whether it may be begun once more on a new connection: this one had carried a letter before, so that the
        /// server may be closing it, and that has not happened to this letter yet.
        let mayBeginAgain: Bool
    }

    /// - Parameters:
    ///   - timeoutMs: for opening the connection, and for one letter as far as its final dot.
    ///   - answerMs: for the answer to that.
    /// - Returns: nil where there is no memory for it.
    package init?(_ server: SMTPServer, timeoutMs: Int64, answerMs: Int64 = EmailSettings.defaultAnswerSeconds * 1000) {
        guard let link = SMTPLink(server) else { return nil }
        self.answerMs = answerMs
        self.link = link
        self.timeoutMs = timeoutMs
    }

    package convenience init?(_ server: SMTPServer, _ settings: EmailSettings) {
        self.init(server, timeoutMs: settings.timeoutMs, answerMs: settings.answerMs)
    }

    package func abort() { link.abort() }

    package func rest(unusedSince instant: Int64) {
        guard dialogue != nil, lastUsedMs <= instant else { return }  // It rests already, or was used since.
        dialogue = nil
        link.closePolitely()
    }

    package func carry(_ first: Delivery, next: () -> Delivery?) {
        var first: Delivery? = first
        while let delivery = first ?? next() {
            first = nil
            var again = travel(delivery, isSecond: false, next)
            while !again.isEmpty { again += travel(again.removeFirst(), isSecond: true, next) }
        }
    }

    /// Carries a letter, and those that `next` gives meanwhile.
    /// - Returns: those that are to travel once more, on a new connection.
    private func travel(_ delivery: Delivery, isSecond: Bool, _ next: () -> Delivery?) -> [Delivery] {
        guard let lastMs = last(delivery) else { return [] }
        closeIfStale()
        if dialogue == nil {
            do throws(SMTPLink.Closed) {
                let offers = try link.open(withinMs: min(timeoutMs, lastMs - Clock.monotonicMs()))
                dialogue = SMTPDialogue(offers, hiding: link.secrets)
                isKept = false
            } catch {
                delivery.end(error.outcome)
                return []
            }
        }
        begin(delivery, lastMs: lastMs, isSecond: isSecond)
        var again: [Delivery] = []
        while let oldest = underWay.first {
            let (events, end) = exchange(for: oldest)
            for event in events { again += handle(event, end, of: oldest.id, next) }
        }
        lastUsedMs = Clock.monotonicMs()
        return again
    }

    /// nil, and ended, where its deadline has passed.
    private func last(_ delivery: Delivery) -> Int64? {
        delivery.leftMs(Clock.nowMs()).map { left in
            let (last, isFar) = Clock.monotonicMs().addingReportingOverflow(left)
            return isFar ? .max : last
        }
    }

    /// Until when the oldest letter waits for the server. Its time begins when the one before is answered, and anew when
    /// it has left.
    private func limit(of oldest: Trip) -> Int64 {
        let isAnswer = dialogue?.waitsForAnswer(of: oldest.id) ?? false
        if stage.id != oldest.id || stage.isAnswer != isAnswer {
            stage = (oldest.id, isAnswer, Clock.monotonicMs())
        }
        return min(oldest.lastMs, stage.sinceMs + (isAnswer ? answerMs : timeoutMs))
    }

    /// A server that has something to say between two letters is closing the connection, or has closed it.
    private func closeIfStale() {
        guard dialogue != nil else { return }
        rest(unusedSince: Clock.monotonicMs() - CarrierPool.longestIdleMs)
        if dialogue == nil { return }
        if case .nothing = link.read() { return }
        dialogue = nil
        link.close()
    }

    private func begin(_ delivery: Delivery, lastMs: Int64, isSecond: Bool) {
        guard let offers = dialogue?.offers else { preconditionFailure("a letter is begun without a connection") }
        nextID += 1
        do throws(Letter.Unsent) {
            let letter = try delivery.letter.fitted(to: offers)
            let bytes = letter.bytes(dateMs: Clock.nowMs())
            let envelope = try letter.envelope(id: nextID, size: bytes.count, offers)
            let mayBeginAgain = !isSecond && (isKept || !underWay.isEmpty)
            underWay.append(
                Trip(id: nextID, delivery: delivery, bytes: bytes, lastMs: lastMs, mayBeginAgain: mayBeginAgain)
            )
            dialogue?.begin(envelope)
        } catch {
            delivery.end(error.outcome)
        }
    }

    /// Why a connection ended.
    private enum End {
        case broken
        case late
        case stopped
    }

    /// Sends what is to be sent, and waits for more of the server's words.
    private func exchange(for oldest: Trip) -> ([SMTPDialogue.Event], End) {
        while let isSilent = dialogue?.output.isEmpty {
            if !isSilent {
                switch dialogue.map({ link.write($0.output) }) {
                case .moved(let count)?: dialogue?.sent(count)
                case .again?: break
                case .broken?, nil: return readLast()
                }
            }
            let leftMs = limit(of: oldest) - Clock.monotonicMs()
            switch link.wait(writing: dialogue?.output.isEmpty == false, milliseconds: max(leftMs, 0)) {
            case .stopped: return (dialogue?.broke() ?? [], .stopped)
            case .notInTime:
                if leftMs <= 0 { return (dialogue?.broke() ?? [], .late) }
            case .ready:
                switch link.read() {
                case .bytes(let bytes): return (dialogue?.received(bytes) ?? [], .broken)
                case .nothing: if leftMs <= 0 { return (dialogue?.broke() ?? [], .late) }
                case .ended: return (dialogue?.broke() ?? [], .broken)
                }
            }
        }
        return ([], .broken)
    }

    /// What the server had to say before it took no more.
    private func readLast() -> ([SMTPDialogue.Event], End) {
        var events: [SMTPDialogue.Event] = []
        while case .bytes(let bytes) = link.read() {
            events += dialogue?.received(bytes) ?? []
            if events.contains(.closed) { return (events, .broken) }
        }
        return (events + (dialogue?.broke() ?? []), .broken)
    }

    /// - Parameter oldest: whose time counted.
    private func handle(
        _ event: SMTPDialogue.Event,
        _ end: End,
        of oldest: Int,
        _ next: () -> Delivery?
    ) -> [Delivery] {
        switch event {
        case .wantsContent(let id):
            guard let trip = underWay.first(where: { $0.id == id }) else { notUnderWay(id, event) }
            dialogue?.content(trip.bytes, of: id)
            // Its commands leave together with the content's end.
            while dialogue?.takesLetter == true, let delivery = next() {
                if let lastMs = last(delivery) { begin(delivery, lastMs: lastMs, isSecond: false) }
            }
        case .ended(let id, let ending):
            isKept = true
            guard let index = underWay.firstIndex(where: { $0.id == id }) else { notUnderWay(id, event) }
            return resolve(underWay.remove(at: index), ending, end, isOldest: id == oldest)
        case .closed:
            dialogue = nil
            link.close()
        }
        return []
    }

    private func notUnderWay(_ id: Int, _ event: SMTPDialogue.Event) -> Never {
        preconditionFailure("\(event): letter \(id) is none of those under way, \(underWay.map(\.id))")
    }

    private func resolve(_ trip: Trip, _ ending: SMTPDialogue.Ending, _ end: End, isOldest: Bool) -> [Delivery] {
        let reason =
            switch end {
            case .broken: "the connection broke"
            case .late: "no answer in time"
            case .stopped: CarrierPool.stopping
            }
        switch ending {
        case .decided(let verdict): trip.delivery.end(verdict.outcome, deadAddresses: verdict.dead)
        case .unknown: trip.delivery.end(.unknown("\(reason) between the letter's end and the server's answer"))
        case .lost(let reply):
            // The time that is over is the oldest one's alone.
            if trip.mayBeginAgain, end == .broken || end == .late && !isOldest { return [trip.delivery] }
            let said = reply.map { $0.code == 421 ? $0.line : "\($0.line); then \(reason)" }
            trip.delivery.end(.tryAgain(after: 0, said ?? reason, cause: reply?.cause ?? .message))
        }
        return []
    }
}
