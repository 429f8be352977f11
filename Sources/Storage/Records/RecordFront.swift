import Engine

/// The part of a record that tells its age: field 1 of those that are swept for it.
package enum RecordAge {
    package static func instant(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> Instant {
        var reader = ProtobufReader(bytes)
        while let field = try reader.field() {
            if field == .init(1, .varint) { return try .read(from: &reader) }
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
            if field == .init(2, .bytes) { return try reader.text() }
            try reader.skip(field)
        }
        return ""
    }
}
