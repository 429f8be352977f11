import Engine

/// A message that was given up, as message `DeadLetter`; its number is the key. The instant stands first: the sweep of
/// old ones reads no further.
package enum DeadLetterRecord {
    package static func encode(_ letter: DeadLetter, into writer: inout ProtobufWriter) {
        writer.instant(1, milliseconds: letter.failedAt.milliseconds)
        writer.message(2) { OutboxRecord.encode(letter.message, into: &$0) }
        writer.unsigned(3, letter.code.number)
        writer.string(4, letter.reason)
        writer.unsigned(5, letter.attempts)
        for address in letter.deadAddresses { writer.presentString(6, address) }
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> DeadLetter {
        var reader = ProtobufReader(bytes)
        var message: OutboxMessage?
        var failedAt = Instant.zero
        var code: Decision.Code?
        var reason = ""
        var attempts: UInt32 = 0
        var deadAddresses: [Text] = []
        while let field = try reader.field() {
            switch field {
            case .varint(1): failedAt = try reader.instant()
            case .bytes(2): message = try OutboxRecord.decode(try reader.bytes())
            case .varint(3): code = Decision.Code(number: try reader.uint32())
            case .bytes(4): reason = try reader.string()
            case .varint(5): attempts = try reader.uint32()
            case .bytes(6): deadAddresses.append(try reader.text())
            default: try reader.skip(field)
            }
        }
        guard let message, let code else { throw .outOfRange }
        return DeadLetter(
            message: message,
            failedAt: failedAt,
            code: code,
            reason: reason,
            attempts: attempts,
            deadAddresses: deadAddresses
        )
    }
}
