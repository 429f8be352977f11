import Glibc
import PluginKit

/// Settings that both channels read alike.
package enum CertificateFile {
    private static let longest = 4 << 20

    /// - Returns: the path, or nil where none is set.
    /// - Throws: where the file cannot be read or holds no certificate, naming the setting `ca_file`.
    package static func checked(_ path: String?) throws(PluginError) -> String? {
        guard let path, !path.isEmpty else { return nil }
        guard let bytes = read(path) else { throw PluginError("ca_file: \(path) cannot be read") }
        let text = String(decoding: bytes, as: UTF8.self)
        let blocks = text.components(between: "-----BEGIN CERTIFICATE-----", and: "-----END CERTIFICATE-----")
        guard !blocks.isEmpty else { throw PluginError("ca_file: \(path) holds no PEM certificate") }
        for block in blocks {
            guard let der = Base64.decoded(block.filter { !$0.isWhitespace }), isSequence(der) else {
                throw PluginError("ca_file: \(path) holds a certificate that is damaged")
            }
        }
        return path
    }

    private static func read(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < longest {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        return ferror(file) == 0 ? bytes : nil
    }

    /// DER: one SEQUENCE that is as long as it says.
    private static func isSequence(_ der: [UInt8]) -> Bool {
        guard der.count > 4, der[0] == 0x30 else { return false }
        if der[1] < 0x80 { return der.count == Int(der[1]) + 2 }
        let digits = Int(der[1] & 0x7F)
        guard (1...4).contains(digits), der.count > 2 + digits else { return false }
        let length = der[2..<2 + digits].reduce(0) { $0 << 8 | Int($1) }
        return der.count == length + 2 + digits
    }
}

extension String {
    fileprivate func components(between begin: String, and end: String) -> [Substring] {
        var found: [Substring] = []
        var rest = self[...]
        while let start = rest.firstRange(of: begin), let stop = rest[start.upperBound...].firstRange(of: end) {
            found.append(rest[start.upperBound..<stop.lowerBound])
            rest = rest[stop.upperBound...]
        }
        return found
    }
}
