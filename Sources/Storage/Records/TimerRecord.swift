import Engine

/// A timer as message `Timer`; its instant, send and user are the key.
package enum TimerRecord {
    package static func encode(_ timer: Timer, into writer: inout ProtobufWriter) {
        timer.write(to: &writer)
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer, into timer: inout Timer) throws(ProtobufReader.Fault) {
        timer = try MessageReader.read(bytes, as: timer)
    }
}

extension Timer: StoredMessage {
    static var about: MessageComment { MessageComment("Timer", "Family \"timers\".") }
    static var blank: Self { Timer(at: .zero, send: 0, user: "", campaign: 0) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "campaign", &campaign)
        each.comment("Whether the send stands in its campaign's queue for the rate limit.")
        try each.field(2, "is_rate_limited", &isRateLimited)
    }
}
