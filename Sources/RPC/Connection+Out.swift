import NIOCore

/// What leaves: answers, one write for all of a read.
extension Connection {
    func watchDeadline(_ stream: UInt32, _ serial: UInt64, _ nanoseconds: Int64) -> NIODeadline {
        let deadline = NIODeadline.now() + min(.nanoseconds(nanoseconds), Limits.longestCall)
        let timer = loop.scheduleTask(deadline: deadline) { [self] in
            abort(stream, serial, Self.deadlineExceeded)
            flush()
        }
        watches[stream] = Watch(serial: serial, deadline: deadline, timer: timer)
        return deadline
    }

    /// What is under way there ends now, whatever its method does.
    func abort(_ stream: UInt32, _ serial: UInt64, _ status: Status) {
        let watch = watches[stream]
        if let open = streams[stream], open.call.serial == serial {
            open.abort(status)
        } else {
            end(stream, serial, .failure(status))
        }
        if let watch, watch.serial == serial { for cancel in watch.cancels { cancel() } }
    }

    func onCancel(_ stream: UInt32, _ serial: UInt64, _ body: @escaping @Sendable () -> Void) {
        var watch = watches[stream] ?? Watch(serial: serial)
        watch.cancels.append(body)
        watches[stream] = watch
    }

    func end(_ stream: UInt32, _ serial: UInt64, _ result: Result<Payload, Status>) {
        if !streams.isEmpty, let open = streams[stream], open.call.serial == serial {
            switch result {
            case .success(let payload): open.close(.answered(payload))
            case .failure(let status): open.close(.failed(status))
            }
            return
        }
        switch machine.answered(stream: stream, serial: serial) {
        case .drop: return
        case .answer(let close):
            let left = timeLeft(stream)
            switch result {
            case .success where left <= .zero: output.writeResponse(stream: stream, status: Self.deadlineExceeded)
            case .success(let payload): writeAnswer(stream, payload)
            case .failure(let status): output.writeResponse(stream: stream, status: status)
            }
            if close { closesAfterFlush = true }
            // It must not wait for the rest of a read until it is too late.
            if isReading, !isFilling, left < Limits.nearDeadline { flush() }
        }
    }

    private func writeAnswer(_ stream: UInt32, _ payload: Payload) {
        if !output.writeResponse(stream: stream, payload: payload) {
            output.writeResponse(stream: stream, status: .tooLarge(payload.readableBytes))
        }
    }

    /// What is left of a call's time; it is not watched any more. A loop that was busy tells of a deadline late.
    private func timeLeft(_ stream: UInt32) -> TimeAmount {
        guard !watches.isEmpty, let watch = watches.removeValue(forKey: stream), let deadline = watch.deadline else {
            return Limits.longestCall  // It has no deadline.
        }
        watch.timer?.cancel()
        return deadline - .now()
    }

    // MARK: Streams

    /// Whether a message of a stream may leave before what others of the connection wait for.
    var hasStreamRoom: Bool { sending.isEmpty && output.readableBytes + unread < limits.streamOutputBytes }

    /// The last of a stream.
    func leave(_ stream: ServerStream, _ end: ServerStream.End) {
        let id = stream.call.stream
        switch machine.answered(stream: id, serial: stream.call.serial) {
        case .drop: return
        case .answer(let close):
            streams[id] = nil
            let isLate = timeLeft(id) <= .zero
            switch end {
            case .finished where isLate, .answered where isLate:
                output.writeResponse(stream: id, status: Self.deadlineExceeded)
            case .finished: output.writeEnd(stream: id)
            case .answered(let payload): writeAnswer(id, payload)
            case .failed(let status): output.writeResponse(stream: id, status: status)
            }
            if close { closesAfterFlush = true }
            stream.ended()
        }
    }

    /// Of each stream in turn a message, as long as there is room.
    private func fill() {
        isFilling = true
        while output.readableBytes + unread < limits.streamOutputBytes, let stream = sending.popFirst() {
            stream.takeTurn()
        }
        isFilling = false
    }

    func flushUnlessReading() {
        if !isReading, !isFilling { flush() }
    }

    /// Once for what is sent until then. So a method that sends for as long as it may stops at some point, however fast
    /// its client reads.
    func flushSoon() {
        if isReading || willFlush || isFilling { return }
        willFlush = true
        loop.execute { [self] in
            willFlush = false
            flushUnlessReading()
        }
    }

    func flush() {
        guard let context else { return }  // It has ended: there is nobody to write to.
        if !sending.isEmpty { fill() }
        let now = NIODeadline.now()
        patience.calls(at: now, underWay: !machine.isIdle)
        // Before the client can see its answer, and have another connection that is idle since later.
        keepIdleness(now)
        if output.readableBytes > 0 {
            write(context)
        } else if closesAfterFlush, unread == 0 {
            context.close(promise: nil)
        }
        keepPatience()
        account()
    }

    private func write(_ context: ChannelHandlerContext) {
        let bytes = output
        // As large as it is: what is small must not hold much while nobody reads it.
        output = channel.allocator.buffer(capacity: min(bytes.readableBytes, Limits.outputReserve))
        let size = bytes.capacity
        unread += size
        patience.writes(at: .now())
        context.writeAndFlush(wrapOutboundOut(bytes)).assumeIsolated().whenComplete { [self] _ in
            wrote(size)
        }
        // Calls that were under way when reading stopped are answered, up to here.
        if unread > limits.unreadReplyBytes { letGo("a client left too many replies unread") }
    }

    private func wrote(_ size: Int) {
        // Of a connection that has ended nothing is held any more.
        guard let context, unread >= size else { return }
        unread -= size
        patience.wrote(at: .now(), more: unread > 0)
        if closesAfterFlush, unread == 0, output.readableBytes == 0, sending.isEmpty {
            context.close(promise: nil)
        } else {
            readOn(context)
        }
        // Not at once: a client that reads fast would have one write follow from another without end.
        if sending.isEmpty { account() } else { flushSoon() }
    }

    /// Reads no more while the client leaves too many replies unread, or a call is decoded.
    func read(context: ChannelHandlerContext) {
        wantsRead = true
        readOn(context)
    }

    func readOn(_ context: ChannelHandlerContext) {
        // Whatever ends one of these comes back here.
        guard wantsRead, !isPaused, unread < limits.queuedReplyBytes else { return }
        wantsRead = false
        context.read()
    }
}
