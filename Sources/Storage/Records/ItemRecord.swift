import Engine

/// What was answered to an item, as message `Item`.
package enum ItemRecord {
    package static func encode(_ receipt: ItemReceipt, into writer: inout ProtobufWriter) {
        writer.instant(1, milliseconds: receipt.receivedAt.milliseconds)
        writer.fixed(2, receipt.contentHigh)
        writer.fixed(3, receipt.contentLow)
        writer.fixed(4, receipt.firstDecision)
        writer.unsigned(5, receipt.decisionCount)
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> ItemReceipt {
        var reader = ProtobufReader(bytes)
        var receipt = ItemReceipt(content: (0, 0), receivedAt: .zero, firstDecision: 0, decisionCount: 0)
        while let field = try reader.field() {
            switch field {
            case .varint(1): receipt.receivedAt = try reader.instant()
            case .fixed64(2): receipt.contentHigh = try reader.fixed64()
            case .fixed64(3): receipt.contentLow = try reader.fixed64()
            case .fixed64(4): receipt.firstDecision = try reader.fixed64()
            case .varint(5): receipt.decisionCount = try reader.uint32()
            default: try reader.skip(field)
            }
        }
        return receipt
    }
}

/// The part of a decision or an item that tells its age: field 1 of both.
package enum RecordAge {
    package static func instant(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> Instant {
        var reader = ProtobufReader(bytes)
        while let field = try reader.field() {
            if field == .varint(1) { return try reader.instant() }
            try reader.skip(field)
        }
        return .zero
    }
}

/// The part of a decision or an event that tells of whom it is: field 2 of both.
package enum RecordOwner {
    package static func user(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> UserID {
        var reader = ProtobufReader(bytes)
        while let field = try reader.field() {
            if field == .bytes(2) { return Text(try reader.string()) }
            try reader.skip(field)
        }
        return ""
    }
}

/// A timer as message `Timer`; its instant, send and user are the key.
package enum TimerRecord {
    package static func encode(_ timer: Timer, into writer: inout ProtobufWriter) {
        writer.unsigned(1, timer.campaign)
        writer.boolean(2, timer.isRateLimited)
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer, into timer: inout Timer) throws(ProtobufReader.Fault) {
        var reader = ProtobufReader(bytes)
        while let field = try reader.field() {
            switch field {
            case .varint(1): timer.campaign = try reader.uint32()
            case .varint(2): timer.isRateLimited = try reader.boolean()
            default: try reader.skip(field)
            }
        }
    }
}
