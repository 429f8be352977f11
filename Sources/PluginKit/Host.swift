import PluginABI
import Synchronization

/// The host's functions, once the module is loaded.
enum Host {
    static let table = TableBox()

    final class TableBox: Sendable {
        private let pointer = Mutex<UInt>(0)

        func set(_ table: HostTable) {
            pointer.withLock { $0 = UInt(bitPattern: table) }
        }

        func get() -> HostTable? {
            HostTable(bitPattern: pointer.withLock { $0 })
        }
    }

    static func log(_ level: LogLevel, _ text: String) {
        guard let host = table.get() else { return }  // A test of the module's parts, without a host.
        text.withText { host.pointee.log(level.rawValue, $0) }
    }

    /// Gives false where the send was ended before.
    static func complete(
        _ send: UInt64,
        _ outcome: Outcome,
        _ service: String,
        _ deadAddresses: [String]
    ) -> Bool {
        guard let host = table.get() else { preconditionFailure("send \(send) ends, and no host has begun one") }
        let parts = outcome.parts
        let code = parts.detail.withText { detail in
            parts.address.withText { address in
                service.withText { service in
                    withTexts(deadAddresses) { dead in
                        var message = triggerd_outcome(
                            size: UInt32(MemoryLayout<triggerd_outcome>.size),
                            result: parts.result,
                            detail: detail,
                            address: address,
                            wait_ms: parts.wait,
                            cause: parts.cause,
                            service: service,
                            dead_addresses: dead.baseAddress,
                            dead_address_count: dead.count
                        )
                        return host.pointee.complete(send, &message)
                    }
                }
            }
        }
        return code == TRIGGERD_COMPLETED.rawValue
    }

    private static func withTexts<Result>(
        _ strings: [String],
        _ body: (UnsafeBufferPointer<triggerd_text>) -> Result
    ) -> Result {
        // One copy of all bytes, and views into it.
        let bytes = strings.flatMap { $0.utf8.map { CChar(bitPattern: $0) } }
        return bytes.withUnsafeBufferPointer { bytes in
            var start = 0
            let texts = strings.map { string in
                defer { start += string.utf8.count }
                return triggerd_text(bytes: bytes.baseAddress.map { $0 + start }, length: string.utf8.count)
            }
            return texts.withUnsafeBufferPointer(body)
        }
    }
}

extension String {
    init(_ text: triggerd_text) {
        self.init(
            decoding: UnsafeBufferPointer(
                start: UnsafeRawPointer(text.bytes)?.assumingMemoryBound(to: UInt8.self),
                count: text.bytes == nil ? 0 : text.length
            ),
            as: UTF8.self
        )
    }

    func withText<Result>(_ body: (triggerd_text) -> Result) -> Result {
        var copy = self
        return copy.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { body(triggerd_text(bytes: $0.baseAddress, length: $0.count)) }
        }
    }

    /// Lives as long as the process, as everything does that a module registers.
    var permanent: triggerd_text {
        let bytes = Array(utf8)
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: max(1, bytes.count))
        for (index, byte) in bytes.enumerated() { copy[index] = CChar(bitPattern: byte) }
        return triggerd_text(bytes: copy, length: bytes.count)
    }
}

/// Says why, as far as the host left room, if any.
func write(_ text: String, to why: ReasonBuffer?) {
    guard let why, let bytes = why.pointee.bytes else { return }
    var count = 0
    for byte in text.utf8.prefix(why.pointee.capacity) {
        bytes[count] = CChar(bitPattern: byte)
        count += 1
    }
    why.pointee.length = count
}
