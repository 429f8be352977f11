/// How far the families have followed the log.
package struct ViewRecord: Hashable, Sendable {
    /// The number of the first commit that they do not have.
    package var next: UInt64
    /// Of the start that wrote it.
    package var epoch: UInt32

    /// What the checksums of the log's records are mixed with, so that nobody who does not know it can make one.
    package var seal: UInt32

    package init(next: UInt64, epoch: UInt32, seal: UInt32) {
        (self.next, self.epoch, self.seal) = (next, epoch, seal)
    }

    /// Of a folder in which nothing was committed. Zero says that nobody knows.
    package static let start = ViewRecord(next: 1, epoch: 0, seal: 0)

    package func encode(into writer: inout ProtobufWriter) {
        write(to: &writer)
    }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> ViewRecord {
        try MessageReader.read(bytes, as: .blank)
    }
}

extension ViewRecord: StoredMessage {
    static var about: MessageComment {
        MessageComment("View", "Under the key \"view\" of the default family: how far the families are.")
    }
    static var blank: Self { ViewRecord(next: 0, epoch: 0, seal: 0) }

    mutating func describe<Each: FieldVisitor & ~Copyable>(to each: inout Each) throws(Each.Fault) {
        each.comment("The number of the first commit that they do not have.")
        try each.field(1, "next", &next)
        each.comment("Starts are counted by it.")
        try each.field(2, "epoch", &epoch)
        each.comment("What the checksums of the log's records are mixed with; drawn once.")
        try each.field(3, "seal", &seal)
    }
}
