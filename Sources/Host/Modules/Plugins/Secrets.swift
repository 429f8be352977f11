import Engine
import Foundation
import Synchronization

/// The secrets that channels were given, so that none stands in a text that leaves the process: a provider may well
/// say back what it was sent. They are held masked.
package final class Secrets: Sendable {
    private static let mask: UInt8 = 0xA5

    private let masked = Mutex<[[UInt8]]>([])

    package init() {}

    var isEmpty: Bool { masked.withLock(\.isEmpty) }

    /// The whole, and each long word of it: several keys may stand in one secret, and a provider says back one of them.
    func add(_ secret: String) {
        let words = secret.split(whereSeparator: \.isWhitespace).filter {
            $0.utf8.count >= HostLimits.bytesOfSecretWord
        }
        for part in [secret[...]] + words where part.utf8.count >= HostLimits.leastBytesOfSecret {
            let bytes = part.utf8.map { $0 ^ Self.mask }
            masked.withLock { if !$0.contains(bytes) { $0.append(bytes) } }
        }
    }

    /// The text with every secret in it replaced.
    func redacted(_ text: String) -> String {
        let secrets = masked.withLock { $0 }
        guard !secrets.isEmpty, secrets.contains(where: { Self.place(of: $0, in: Array(text.utf8)) != nil }) else {
            return text
        }
        var bytes = Array(text.utf8)
        for secret in secrets {
            var from = 0
            while let place = Self.place(of: secret, in: bytes, from: from) {
                bytes.replaceSubrange(place..<(place + secret.count), with: Self.replacement)
                // The secret may be a part of what stands there now.
                from = place + Self.replacement.count
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let replacement = Array("[secret]".utf8)

    private static func place(of secret: [UInt8], in bytes: [UInt8], from: Int = 0) -> Int? {
        guard bytes.count - from >= secret.count else { return nil }
        return (from...(bytes.count - secret.count)).first { start in
            secret.indices.allSatisfy { bytes[start + $0] ^ mask == secret[$0] }
        }
    }

    /// From now on a core of this process, also one that a debugger takes, holds no memory that a secret could stand
    /// in. Linux asks this file which kinds of memory it writes.
    package static func keepOutOfCores() {
        try? Data("0x0".utf8).write(to: URL(filePath: "/proc/self/coredump_filter"))
    }
}
