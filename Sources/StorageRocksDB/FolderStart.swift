import CRocksDB
import Engine
import Storage

/// What a folder says of itself when it is opened; a new one is told, and one of an older format is made one of today's.
struct FolderStart {
    private let database: Database

    init(_ database: Database) {
        self.database = database
    }

    func run(newIdentity: () -> String) throws(StoreError) -> (identity: String, view: ViewRecord) {
        if let (folder, view) = try Self.read(database) {
            if folder.format < FolderRecord.format {
                try FormatUpgrade(database, from: folder.format).run(identity: folder.identity)
                try flush()
            }
            return (folder.identity, view)
        }
        let identity = newIdentity()
        let batch = rocksdb_writebatch_create()!
        defer { rocksdb_writebatch_destroy(batch) }
        var key = ProtobufWriter(capacity: 16)
        key.folderKey()
        var value = ProtobufWriter(capacity: 64)
        FolderRecord(identity: identity).encode(into: &value)
        database.put(batch, .meta, key.bytes, value.bytes)
        try StoreError.doing("write", database.folder) { () throws(RocksDBFault) in try database.write(batch) }
        try flush()
        return (identity, .start)
    }

    /// From here on RocksDB's memory and its own log stay empty.
    private func flush() throws(StoreError) {
        try StoreError.doing("write", database.folder) { () throws(RocksDBFault) in
            for family in Family.allCases { try database.flush(family) }
        }
    }

    /// Nil in a new folder.
    static func read(_ database: Database) throws(StoreError) -> (folder: FolderRecord, view: ViewRecord)? {
        guard let folder = try one(database, { $0.folderKey() }, FolderRecord.decode) else { return nil }
        guard folder.format <= FolderRecord.format else {
            throw .newer(folder: folder.format, program: FolderRecord.format)
        }
        return (folder, try one(database, { $0.viewKey() }, ViewRecord.decode) ?? .start)
    }

    private static func one<Record>(
        _ database: Database,
        _ key: (inout ProtobufWriter) -> Void,
        _ decode: (UnsafeRawBufferPointer) throws(ProtobufReader.Fault) -> Record
    ) throws(StoreError) -> Record? {
        var asked = ProtobufWriter(capacity: 16)
        key(&asked)
        let found = try StoreError.doing("read", database.folder) { () throws(RocksDBFault) in
            try database.get(.meta, asked.bytes) { value in
                value.map { value in Result { () throws(ProtobufReader.Fault) in try decode(value) } }
            }
        }
        switch found {
        case .success(let record): return record
        case .failure(let error): throw .corrupt("what \(database.folder) says of itself: \(error)")
        case nil: return nil
        }
    }

    /// Before the first commit of a start: no other start may ever have its epoch.
    static func note(_ view: ViewRecord, in database: Database, by folder: String) throws(StoreError) {
        try StoreError.doing("write", database.folder) { () throws(RocksDBFault) in
            let table = try TableWriter(database, .meta, in: folder)
            var key = ViewKey(view)
            try key.add(to: table, before: nil)
            try table.finish()
        }
    }
}
