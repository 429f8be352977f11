import Foundation

/// The names that a shared object exports, read from the file: none of its code runs.
struct ELFSymbols {
    let names: Set<String>

    /// Nil where the file is no 64-bit little-endian ELF shared object.
    init?(file: String) {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: file), options: .alwaysMapped) else { return nil }
        let found = data.withUnsafeBytes { Self.read($0) }
        guard let found else { return nil }
        names = found
    }

    private static func read(_ bytes: UnsafeRawBufferPointer) -> Set<String>? {
        func number<Number: FixedWidthInteger>(_ at: Int, _: Number.Type) -> Int? {
            guard at >= 0, at <= bytes.count - MemoryLayout<Number>.size else { return nil }
            return Int(
                truncatingIfNeeded: Number(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: Number.self))
            )
        }
        /// A place or a length within the file: whatever it says, sums of them can be told.
        func place(_ at: Int) -> Int? {
            number(at, UInt64.self).flatMap { (0...bytes.count).contains($0) ? $0 : nil }
        }
        guard bytes.count >= 64, bytes.prefix(6).elementsEqual([0x7f, 0x45, 0x4c, 0x46, 2, 1]),
            number(16, UInt16.self) == 3,  // a shared object
            let sections = place(40), let size = number(58, UInt16.self),
            let count = number(60, UInt16.self), size >= 64
        else { return nil }
        /// Offset, size and link of a section.
        func section(_ index: Int) -> (type: Int, offset: Int, size: Int, link: Int)? {
            let at = sections + index * size
            guard let type = number(at + 4, UInt32.self), let offset = place(at + 24),
                let length = place(at + 32), let link = number(at + 40, UInt32.self)
            else { return nil }
            return (type, offset, length, link)
        }
        var names: Set<String> = []
        for index in 0..<count {
            // 11: dynamic symbols; of any other section nothing is needed.
            guard let symbols = section(index), symbols.type == 11, let texts = section(symbols.link) else { continue }
            for entry in stride(from: symbols.offset, to: symbols.offset + symbols.size, by: 24) {
                guard let name = number(entry, UInt32.self), let place = number(entry + 6, UInt16.self) else { break }
                guard place != 0, name < texts.size else { continue }  // 0: needed, not given
                let start = texts.offset + name
                guard start < bytes.count else { continue }  // The file is cut: what loads it says so.
                let end = bytes[start...].firstIndex(of: 0) ?? bytes.count
                names.insert(String(decoding: bytes[start..<end], as: UTF8.self))
            }
        }
        return names
    }
}
