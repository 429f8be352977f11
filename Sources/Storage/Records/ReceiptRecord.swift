import Engine

/// A receipt as message `Receipt`. Older records have in one that is reserved the last that was certain: of them
/// two are read.
struct StoredReceipt: StoredMessage {
    var receipt: Receipt
    var previous: Instant?

    static var about: MessageComment { MessageComment("Receipt") }
    static var blank: Self { StoredReceipt(receipt: Receipt(campaign: 0, at: .zero, send: 0, isCertain: false)) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "campaign", &receipt.campaign)
        try each.field(2, "at_ms", &receipt.at)
        try each.field(3, "send", &receipt.send)
        try each.old(4, "previous_ms", Instant.self) { previous = $0 }
        each.comment("Whether a channel of the send has delivered; until then the receipt is only reserved.")
        try each.field(5, "is_certain", &receipt.isCertain)
    }
}

extension Receipt: SingleType {
    static var declaration: FieldDeclaration { StoredReceipt.declaration }
    static var typeName: String { StoredReceipt.typeName }
    static var wire: ProtobufReader.Wire { .bytes }
    var isLeftOut: Bool { false }
    var shown: Value { StoredReceipt(receipt: self).shown }

    @inline(__always)
    mutating func writePresent(_ number: UInt32, to writer: inout ProtobufWriter) {
        var stored = StoredReceipt(receipt: self)
        stored.writePresent(number, to: &writer)
    }

    static func read(from reader: inout ProtobufReader) throws(ProtobufReader.Fault) -> Receipt {
        try StoredReceipt.read(from: &reader).receipt
    }

    @inline(__always)
    static func append(to list: inout [Self], from reader: inout ProtobufReader) throws(ProtobufReader.Fault) {
        let stored = try StoredReceipt.read(from: &reader)
        if let at = stored.previous {
            list.append(Receipt(campaign: stored.receipt.campaign, at: at, send: 0, isCertain: true))
        }
        list.append(stored.receipt)
    }
}
