/// What a data folder says about itself, as message `Folder`.
package struct FolderRecord: Hashable, Sendable {
    /// The format that this program writes. A folder of a higher one is refused.
    package static let format: UInt32 = 4

    package var format: UInt32
    package var identity: String

    package init(format: UInt32 = Self.format, identity: String) {
        self.format = format
        self.identity = identity
    }

    package func encode(into writer: inout ProtobufWriter) {
        writer.unsigned(1, format)
        writer.string(2, identity)
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> FolderRecord {
        var reader = ProtobufReader(bytes)
        var record = FolderRecord(format: 0, identity: "")
        while let field = try reader.field() {
            switch field {
            case .varint(1): record.format = try reader.uint32()
            case .bytes(2): record.identity = try reader.string()
            default: try reader.skip(field)
            }
        }
        return record
    }
}
