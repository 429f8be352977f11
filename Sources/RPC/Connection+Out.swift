import NIOCore

/// What leaves: answers, one write for all of a read.
extension Connection {
    func watchDeadline(_ stream: UInt32, _ serial: UInt64, _ nanoseconds: Int64) -> NIODeadline {
        let deadline = NIODeadline.now() + min(.nanoseconds(nanoseconds), Limits.longestCall)
        let timer = loop.scheduleTask(deadline: deadline) { [self] in
            let watch = watches[stream]
            end(stream, serial, .failure(Self.deadlineExceeded))
            flush()
            if let watch, watch.serial == serial { for cancel in watch.cancels { cancel() } }
        }
        watches[stream] = Watch(serial: serial, deadline: timer)
        return deadline
    }

    func onCancel(_ stream: UInt32, _ serial: UInt64, _ body: @escaping @Sendable () -> Void) {
        var watch = watches[stream] ?? Watch(serial: serial)
        watch.cancels.append(body)
        watches[stream] = watch
    }

    func end(_ stream: UInt32, _ serial: UInt64, _ result: Result<Payload, Status>) {
        switch machine.answered(stream: stream, serial: serial) {
        case .drop: return
        case .answer(let close):
            if !watches.isEmpty { watches.removeValue(forKey: stream)?.deadline?.cancel() }
            switch result {
            case .success(let payload):
                if !output.writeResponse(stream: stream, payload: payload) {
                    output.writeResponse(stream: stream, status: .tooLarge(payload.readableBytes))
                }
            case .failure(let status): output.writeResponse(stream: stream, status: status)
            }
            if close { closesAfterFlush = true }
        }
    }

    func flushUnlessReading() {
        if !isReading { flush() }
    }

    func flush() {
        guard let context else { return }  // It has ended: there is nobody to write to.
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
        if closesAfterFlush, unread == 0, output.readableBytes == 0 {
            context.close(promise: nil)
        } else {
            readOn(context)
        }
        account()
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
