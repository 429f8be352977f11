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
        write(to: &writer)
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> CommittedRecord {
        try MessageReader.read(bytes, as: .blank)
    }
}

extension CommittedRecord: StoredMessage {
    static var about: MessageComment {
        MessageComment(
            "Committed",
            """
            The file "committed" beside the database: four bytes of the CRC-32C of what follows, four of its length, \
            this.
            """
        )
    }
    static var blank: Self { CommittedRecord(manifest: .blank, logs: []) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "manifest", &manifest)
        try each.field(2, "logs", &logs)
    }
}

extension CommittedRecord.File: StoredMessage {
    static var about: MessageComment { MessageComment("CommittedFile") }
    static var blank: Self { Self(number: 0, bytes: 0) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "number", &number.counter)
        try each.field(2, "bytes", &bytes.counter)
    }
}
