import CCryptography

/// Bytes that are overwritten when nobody holds them any more.
package final class SecretBytes: @unchecked Sendable {
    // Written while it is made, and only read after.
    private let buffer: UnsafeMutableBufferPointer<UInt8>

    package var count: Int { buffer.count }

    package convenience init(_ bytes: some Collection<UInt8>) {
        self.init(count: bytes.count) { _ = $0.update(fromContentsOf: bytes) }
    }

    /// - Parameter fill: is given zeros.
    init<Fault: Error>(count: Int, _ fill: (UnsafeMutableBufferPointer<UInt8>) throws(Fault) -> Void) throws(Fault) {
        buffer = .allocate(capacity: count)
        buffer.initialize(repeating: 0)
        try fill(buffer)
    }

    deinit {
        ccrypto_cleanse(buffer.baseAddress, buffer.count)
        buffer.deallocate()
    }

    func withBytes<Result, Fault: Error>(
        _ work: (UnsafeBufferPointer<UInt8>) throws(Fault) -> Result
    ) throws(Fault) -> Result {
        // The work sees memory that this object frees.
        defer { withExtendedLifetime(self) {} }
        return try work(UnsafeBufferPointer(buffer))
    }
}
