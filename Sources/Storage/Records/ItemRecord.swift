import Engine

/// What was answered to an item, as message `Item`.
package enum ItemRecord {
    package static func encode(_ receipt: ItemReceipt, into writer: inout ProtobufWriter) {
        receipt.write(to: &writer)
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> ItemReceipt {
        try MessageReader.read(bytes, as: .blank)
    }
}

extension ItemReceipt: StoredMessage {
    static var about: MessageComment {
        MessageComment(
            "Item",
            "Family \"items\". The instant stands first: the sweep of old items reads no further."
        )
    }
    static var blank: Self { ItemReceipt(content: (0, 0), receivedAt: .zero, firstDecision: 0, decisionCount: 0) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "received_at_ms", &receivedAt)
        each.comment("Two halves of a hash of what the item said.")
        try each.field(2, "content_high", &contentHigh)
        try each.field(3, "content_low", &contentLow)
        try each.field(4, "first_decision", &firstDecision)
        try each.field(5, "decision_count", &decisionCount)
    }
}
