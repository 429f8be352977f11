import ArgumentParser
import Core
import Engine
import Glibc
import Host
import RPC
import Schema

/// Sends items in order, a batch at a time, so that what happened to a user is handled in the order of the lines.
struct Tracking {
    let daemon: DaemonOption
    let json: Bool
    let tellsNearMisses: Bool
    let retry: Length
    private(set) var connection: DaemonConnection?
    private var counts = (accepted: 0, duplicates: 0, errors: 0)
    private let begin = ContinuousClock.now
    private var progress: ProgressLine

    init(daemon: DaemonOption, json: Bool, tellsNearMisses: Bool, retry: Length) {
        self.daemon = daemon
        self.json = json
        self.tellsNearMisses = tellsNearMisses
        self.retry = retry
        progress = ProgressLine()
    }

    mutating func send(_ reader: inout LineReader) async throws {
        connection = try await daemon.connect()
        while true {
            let lines = try reader.next()
            if lines.isEmpty { break }
            var items: [TrackLine] = []
            for line in lines {
                do throws(Failure) {
                    items.append(try TrackLine(number: line.number, try JSONText.parse(try line.text.get())))
                } catch {
                    // What came before it is answered before it.
                    try await send(items)
                    items = []
                    report(line: line.number, id: "", error: error.lines.joined(separator: "; "))
                }
            }
            try await send(items)
            showProgress(reader.progress)
        }
    }

    mutating func send(_ item: TrackLine) async throws {
        connection = try await daemon.connect()
        try await send([item])
    }

    /// A request has one `sent_at`: what was sent at another time is another request.
    private mutating func send(_ items: [TrackLine]) async throws {
        var rest = items[...]
        while let first = rest.first {
            let together = rest.prefix { $0.item.sentAt == first.item.sentAt }
            try await request(Array(together))
            rest = rest.dropFirst(together.count)
        }
    }

    /// One request; where the daemon refuses it whole, its items one by one, so that each gets its own answer.
    private mutating func request(_ items: [TrackLine]) async throws {
        do {
            try await deliver(items)
        } catch let status as Status {
            let codes: [Status.Code] = [.invalidArgument, .alreadyExists, .resourceExhausted]
            guard items.count > 1, codes.contains(status.code) else {
                for item in items {
                    report(line: item.number, id: item.id, error: Failure(status).lines.joined(separator: "; "))
                }
                return
            }
            for item in items { try await request([item]) }
        } catch let lost as ClientClosed {
            try await resend(items, after: Failure("the connection to the daemon broke: \(lost)"))
        } catch let silent as NoAnswer {
            try await resend(items, after: silent.failure)
        }
    }

    /// The one that is there, or a new one.
    mutating func connected() async throws -> DaemonConnection {
        let connection = if let connection { connection } else { try await daemon.connect() }
        self.connection = connection
        return connection
    }

    /// Items of one `sent_at`, as a request or a message of a stream.
    func request(_ items: ArraySlice<TrackLine>) -> [UInt8] {
        packed(triggerd__v1__track_request__init) { request, arena in
            request.pointee.near_misses = tellsNearMisses ? 1 : 0
            if let sentAt = items.first?.sentAt {
                request.pointee.sent_case = TRIGGERD__V1__TRACK_REQUEST__SENT_SENT_AT_MS
                request.pointee.sent_at_ms = sentAt.milliseconds
            }
            request.pointee.n_items = items.count
            request.pointee.items = arena.array(items.map { $0.message(in: arena) })
        }
    }

    func showProgress(_ fraction: Double?) {
        progress.show(counts.accepted + counts.duplicates + counts.errors, fraction, since: begin)
    }

    private mutating func deliver(_ items: [TrackLine]) async throws {
        let connection = try await connected()
        let answers = try await connection.call(
            "Events",
            "Track",
            request(items[...]),
            Triggerd__V1__TrackReply.self,
            schema_track_reply()
        ) { reply in
            elements(reply.pointee.n_items, reply.pointee.items).map(ReadAnswer.init)
        }
        for (item, answer) in zip(items, answers) { report(item, answer) }
    }

    /// What has an id cannot be taken twice, so it is sent again; of the rest nobody knows whether it was taken.
    mutating func resend(_ items: [TrackLine], after lost: Failure) async throws {
        connection = nil
        let deadline = ContinuousClock.now + .milliseconds(retry.milliseconds)
        while ContinuousClock.now < deadline {
            if let again = try? await daemon.connect() {
                connection = again
                break
            }
            try await Task.sleep(for: CommandLimits.retryPause)
        }
        for item in items where item.id.isEmpty || connection == nil {
            let unknown = item.id.isEmpty ? "; it has no id, so nobody knows whether it was taken" : ""
            report(line: item.number, id: item.id, error: "\(lost.lines[0])\(unknown)")
        }
        guard connection != nil else { throw lost }
        try await send(items.filter { !$0.id.isEmpty })
    }

    mutating func report(_ item: TrackLine, _ answer: ReadAnswer) {
        if let why = answer.refusal {
            report(line: item.number, id: item.id, error: why)
            return
        }
        if answer.isDuplicate { counts.duplicates += 1 } else { counts.accepted += 1 }
        guard !json else {
            var object: Object = ["line": .integer(Int64(item.number))]
            if !item.id.isEmpty { object["id"] = .string(item.id) }
            object["result"] = answer.isDuplicate ? "duplicate" : "accepted"
            object["decisions"] = .array(answer.decisions.map { .object($0.json) })
            if let message = answer.message { object["message"] = .object(message.json) }
            emit(object)
            return
        }
        guard !progress.isShown else { return }  // Its line would be torn.
        for decision in answer.decisions { Output.line(decision.line) }
        if let message = answer.message { Output.lines(message.lines) }
    }

    mutating func report(line: Int, id: Text, error: String) {
        counts.errors += 1
        if json {
            var object: Object = ["line": .integer(Int64(line))]
            if !id.isEmpty { object["id"] = .string(id) }
            object["result"] = "error"
            object["error"] = .string(error)
            object["decisions"] = .array([])
            emit(object)
        } else {
            complain("line \(line): \(error)")
        }
    }

    private func emit(_ object: Object) {
        Output.json(object)
        Output.flush()
    }

    private func complain(_ text: String) {
        progress.clear()
        Output.complain(text)
    }

    /// What came of all of it. Throws exit status 1 where an item was refused.
    func end(isMany: Bool) throws {
        if isMany {
            progress.clear()
            let seconds = begin.duration(to: .now) / .seconds(1)
            let total = counts.accepted + counts.duplicates + counts.errors
            let rate = seconds > 0 ? Int(Double(total) / seconds) : total
            let tenths = Int(seconds * 10)
            Output.complain(
                "\(counts.accepted) accepted, \(counts.duplicates) duplicates, \(counts.errors) errors in "
                    + "\(tenths / 10).\(tenths % 10) s (\(rate)/s)"
            )
        }
        if counts.errors > 0 { throw ExitCode(1) }
    }
}

/// What the daemon answered to one item.
struct ReadAnswer: Sendable {
    let isDuplicate: Bool
    /// Why nothing was done of it.
    let refusal: String?
    let decisions: [ShownDecision]
    let message: ReadLease?

    init(_ message: UnsafePointer<Triggerd__V1__ItemReply>) {
        isDuplicate = message.pointee.result == TRIGGERD__V1__ITEM_REPLY__RESULT__DUPLICATE
        let isRefused = message.pointee.result == TRIGGERD__V1__ITEM_REPLY__RESULT__REFUSED
        refusal = isRefused ? String(cString: message.pointee.why) : nil
        decisions = elements(message.pointee.n_decisions, message.pointee.decisions)
            .map(ShownDecision.init)
        self.message = message.pointee.message.map { ReadLease($0) }
    }
}

/// How far a long piece of work is, on a terminal only.
struct ProgressLine {
    let isShown = isatty(STDERR_FILENO) == 1 && isatty(STDIN_FILENO) == 1

    /// Where nobody looks at a terminal nothing is shown.
    func show(_ count: Int, _ fraction: Double?, since begin: ContinuousClock.Instant) {
        guard isShown else { return }
        let rate = Int(Double(count) / max(0.001, begin.duration(to: .now) / .seconds(1)))
        var line = "\(count) items, \(rate)/s"
        if let fraction {
            let full = Int(fraction * 30)
            let bar = String(repeating: "#", count: full) + String(repeating: ".", count: 30 - full)
            line = "[\(bar)] \(Int(fraction * 100)) %  " + line
        }
        Output.raw("\r\u{1b}[K\(line)")
    }

    func clear() {
        guard isShown else { return }  // There is none.
        Output.raw("\r\u{1b}[K")
    }
}
