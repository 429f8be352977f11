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
    /// RocksDB's own logs, the oldest first: of a folder before format 6.
    package var logs: [File]
    /// The number of the commit that comes next; zero: nobody knows.
    package var next: UInt64

    package init(manifest: File, logs: [File] = [], next: UInt64 = 0) {
        (self.manifest, self.logs, self.next) = (manifest, logs, next)
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
    static var blank: Self { CommittedRecord(manifest: .blank) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "manifest", &manifest)
        each.comment("RocksDB's own logs, of a folder before format 6.")
        try each.field(2, "logs", &logs)
        each.comment("The number of the commit that comes next.")
        try each.field(3, "next", &next)
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
