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
        guard let host = table.get() else { return }
        text.withText { host.pointee.log(level.rawValue, $0) }
    }

    /// Gives false where the send was ended before.
    static func complete(_ send: UInt64, _ outcome: Outcome) -> Bool {
        guard let host = table.get() else { return false }
        let (result, detail, address, wait) = outcome.parts
        let code = detail.withText { detail in
            address.withText { address in
                var message = triggerd_outcome(
                    size: UInt32(MemoryLayout<triggerd_outcome>.size),
                    result: result,
                    detail: detail,
                    address: address,
                    wait_ms: wait
                )
                return host.pointee.complete(send, &message)
            }
        }
        return code == TRIGGERD_COMPLETED.rawValue
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

/// Says why, as far as the host left room.
func write(_ text: String, to why: ReasonBuffer?) {
    guard let why, let bytes = why.pointee.bytes else { return }
    var count = 0
    for byte in text.utf8.prefix(why.pointee.capacity) {
        bytes[count] = CChar(bitPattern: byte)
        count += 1
    }
    why.pointee.length = count
}
