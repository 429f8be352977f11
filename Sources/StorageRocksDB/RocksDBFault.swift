import CRocksDB
import Storage

/// An error of RocksDB.
struct RocksDBFault: Error {
    let text: String

    /// Calls RocksDB and throws what it leaves in `fault`.
    @inline(__always)
    static func check<Result>(
        _ body: (inout UnsafeMutablePointer<CChar>?) -> Result
    ) throws(RocksDBFault) -> Result {
        var fault: UnsafeMutablePointer<CChar>?
        let result = body(&fault)
        if let fault { throw RocksDBFault(taking: fault) }
        return result
    }

    init(taking fault: UnsafeMutablePointer<CChar>) {
        text = String(cString: fault)
        rocksdb_free(fault)
    }

    /// The C interface gives a status as text only, which begins with the name of its code.
    var isCorruption: Bool { text.hasPrefix("Corruption") }

    func storeError(doing what: String, folder: String) -> StoreError {
        isCorruption
            ? .damaged("\(folder): cannot \(what): \(text)", cure: "restore the data folder from a copy")
            : .unavailable("cannot \(what) in \(folder): \(text): make room or mend the volume; it goes on by itself")
    }
}

extension StoreError {
    /// Runs what calls RocksDB; `what` is named in the error.
    @inline(__always)
    static func doing<Result>(
        _ what: String,
        _ folder: String,
        _ body: () throws(RocksDBFault) -> Result
    ) throws(StoreError) -> Result {
        do throws(RocksDBFault) {
            return try body()
        } catch {
            throw error.storeError(doing: what, folder: folder)
        }
    }
}
