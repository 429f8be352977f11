import Engine
import Host
import RPC
import Schema

/// Sends items over one stream, and shows their results as they come: both at once, in the order of the lines.
actor TrackingStream {
    private enum Line: Sendable {
        case item(TrackLine)
        case wrong(number: Int, why: String)
    }

    private var tracking: Tracking
    /// Lines that have no result yet, in their order.
    private var open: [Line] = []
    private var room: CheckedContinuation<Void, Never>?

    init(_ tracking: Tracking) {
        self.tracking = tracking
    }

    /// Everything that the reader has. Gives what came of it.
    nonisolated func send(_ reader: inout LineReader) async throws -> Tracking {
        while true {
            do {
                try await pass(&reader)
                return await tracking
            } catch let lost as ClientClosed {
                try await resend(after: Failure("the connection to the daemon broke: \(lost)"))
            } catch let status as Status where status.code == .unavailable {
                try await resend(after: Failure(status))
            } catch let status as Status {
                throw await refuse(status)
            }
        }
    }

    private func connected() async throws -> DaemonConnection {
        var tracking = tracking
        let connection = try await tracking.connected()
        self.tracking = tracking
        return connection
    }

    /// One stream, until all lines have their results or it breaks.
    private nonisolated func pass(_ reader: inout LineReader) async throws {
        let connection = try await connected()
        let stream = try await connection.open("Events", "Stream")
        let results = Task { try await receive(stream, connection) }
        do {
            while true {
                let lines = try reader.next()
                if lines.isEmpty { break }
                for message in await add(lines) { try await stream.send(Payload(bytes: message)) }
                await makeRoom(reader.progress)
            }
        } catch let fault as Failure {
            await connection.client.close()
            throw fault
        } catch {
            // The stream is over. Why, stands in what it was answered.
        }
        stream.finish()
        try await results.value
    }

    private func receive(_ stream: ClientStream, _ connection: DaemonConnection) async throws {
        defer { freeRoom(isOver: true) }
        while let message = try await stream.receive() {
            let answers = try connection.read(message, Triggerd__V1__StreamReply.self, schema_stream_reply()) { reply in
                elements(reply.pointee.n_items, reply.pointee.items).map(ReadAnswer.init)
            }
            settle(answers)
        }
    }

    /// Takes lines in, and gives the messages that tell of them: each has one `sent_at`.
    private func add(_ lines: [LineReader.Line]) -> [[UInt8]] {
        var items: [TrackLine] = []
        for line in lines {
            do throws(Failure) {
                let item = try TrackLine(number: line.number, try JSONText.parse(try line.text.get()))
                items.append(item)
                open.append(.item(item))
            } catch {
                open.append(.wrong(number: line.number, why: error.lines.joined(separator: "; ")))
            }
        }
        settle([])
        var messages: [[UInt8]] = []
        var rest = items[...]
        while let first = rest.first {
            let together = rest.prefix { $0.item.sentAt == first.item.sentAt }
            messages.append(tracking.request(together))
            rest = rest.dropFirst(together.count)
        }
        return messages
    }

    /// The next items have these results; lines that are wrong have theirs when it is their turn.
    private func settle(_ answers: [ReadAnswer]) {
        var rest = answers[...]
        var settled = 0
        for line in open {
            switch line {
            case .wrong(let number, let why): tracking.report(line: number, id: "", error: why)
            case .item(let item):
                guard let answer = rest.popFirst() else { return remove(settled) }
                tracking.report(item, answer)
            }
            settled += 1
        }
        remove(settled)
    }

    private func remove(_ count: Int) {
        open.removeFirst(count)
        freeRoom(isOver: false)
    }

    /// Waits while as many items are on their way as may be.
    private func makeRoom(_ fraction: Double?) async {
        tracking.showProgress(fraction)
        guard open.count >= CommandLimits.streamWindow else { return }  // There is room.
        await withCheckedContinuation { room = $0 }
    }

    private func freeRoom(isOver: Bool) {
        guard isOver || open.count < CommandLimits.streamWindow else { return }  // Not yet.
        room?.resume()
        room = nil
    }

    private func resend(after lost: Failure) async throws {
        var tracking = tracking
        let items = takeItems()
        try await tracking.resend(items, after: lost)
        self.tracking = tracking
    }

    private func refuse(_ status: Status) -> Failure {
        for item in takeItems() { tracking.report(line: item.number, id: item.id, error: status.message) }
        return Failure(status)
    }

    private func takeItems() -> [TrackLine] {
        defer { open = [] }
        return open.compactMap { line in
            if case .item(let item) = line { return item }
            return nil
        }
    }
}
