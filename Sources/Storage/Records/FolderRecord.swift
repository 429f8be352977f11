/// What a data folder says about itself, as message `Folder`.
package struct FolderRecord: Hashable, Sendable {
    /// The format that this program writes. A folder of a higher one is refused.
    package static let format: UInt32 = 6

    package var format: UInt32
    package var identity: String

    package init(format: UInt32 = Self.format, identity: String) {
        self.format = format
        self.identity = identity
    }

    package func encode(into writer: inout ProtobufWriter) {
        write(to: &writer)
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> FolderRecord {
        try MessageReader.read(bytes, as: .blank)
    }
}

extension FolderRecord: StoredMessage {
    static var about: MessageComment { MessageComment("Folder", "Under the key \"folder\" of the default family.") }
    static var blank: Self { FolderRecord(format: 0, identity: "") }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        try each.field(1, "format", &format)
        try each.field(2, "identity", &identity)
    }
}
