import Glibc

/// A file of certificates to trust.
package enum Certificates {
    /// All authorities that a system trusts are a quarter of a MiB.
    private static let largestFile = 16 << 20
    private static let beginning = Array("-----BEGIN CERTIFICATE-----".utf8)
    private static let ending = Array("-----END CERTIFICATE-----".utf8)

    /// nil: it holds at least one certificate in PEM (RFC 7468), and none that is cut or garbled; else what is wrong.
    package static func fault(inFile path: String) -> String? {
        guard let bytes = read(path) else { return "cannot be read" }
        var rest = bytes[...]
        var count = 0
        while let start = position(of: beginning, in: rest) {
            let body = rest[(start + beginning.count)...]
            guard let end = position(of: ending, in: body), isCertificate(body[..<end]) else {
                return "holds a certificate that is cut or garbled"
            }
            count += 1
            rest = body[(end + ending.count)...]
        }
        return count > 0 ? nil : "holds no certificate in PEM"
    }

    private static func read(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        while bytes.count < largestFile {
            let count = fread(&piece, 1, piece.count, file)
            if count == 0 { return ferror(file) == 0 ? bytes : nil }
            bytes += piece[..<count]
        }
        return nil
    }

    private static func position(of wanted: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        var search = bytes
        while let start = search.firstIndex(of: wanted[0]) {
            if bytes[start...].starts(with: wanted) { return start }
            search = search[(start + 1)...]
        }
        return nil
    }

    /// Base64 of one DER sequence that is as long as it says.
    private static func isCertificate(_ base64: ArraySlice<UInt8>) -> Bool {
        guard let der = Base64.decoded(base64.filter { ![0x0A, 0x0D, 0x20, 0x09].contains($0) }), der.count > 4,
            der[0] == 0x30
        else { return false }
        if der[1] < 0x80 { return der.count == Int(der[1]) + 2 }
        let digits = Int(der[1] & 0x7F)
        guard (1...4).contains(digits), der.count > 2 + digits else { return false }
        return der[2..<(2 + digits)].reduce(0) { $0 << 8 | Int($1) } == der.count - 2 - digits
    }
}
