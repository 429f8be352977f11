/// How far the store's files are known to be on disk, as message `Committed`.
package struct CommittedRecord: Hashable, Sendable {
    package struct File: Hashable, Sendable {
        package var number: UInt64
        package var bytes: UInt64

        package init(number: UInt64, bytes: UInt64) {
            (self.number, self.bytes) = (number, bytes)
        }
    }

    package var manifest: File
    /// The write-ahead logs that were there, the oldest first.
    package var logs: [File]

    package init(manifest: File, logs: [File]) {
        (self.manifest, self.logs) = (manifest, logs)
    }

    package func encode(into writer: inout ProtobufWriter) {
        writer.message(1) { Self.encode(manifest, into: &$0) }
        for log in logs { writer.message(2) { Self.encode(log, into: &$0) } }
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> CommittedRecord {
        var reader = ProtobufReader(bytes)
        var record = CommittedRecord(manifest: File(number: 0, bytes: 0), logs: [])
        while let field = try reader.field() {
            switch field {
            case .bytes(1): record.manifest = try file(&reader)
            case .bytes(2): record.logs.append(try file(&reader))
            default: try reader.skip(field)
            }
        }
        return record
    }

    private static func encode(_ file: File, into writer: inout ProtobufWriter) {
        writer.unsigned(1, file.number)
        writer.unsigned(2, file.bytes)
    }

    private static func file(_ reader: inout ProtobufReader) throws(ProtobufReader.Fault) -> File {
        var part = try reader.message()
        var file = File(number: 0, bytes: 0)
        while let field = try part.field() {
            switch field {
            case .varint(1): file.number = try part.varint()
            case .varint(2): file.bytes = try part.varint()
            default: try part.skip(field)
            }
        }
        return file
    }
}
