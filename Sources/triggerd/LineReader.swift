import Foundation

/// Lines of a file or of standard input, as many at a time as are there.
struct LineReader {
    private let handle: FileHandle
    private var rest = Data()
    private var isOver = false
    private var number = 0
    private var read = 0
    /// In bytes; nil where it is a pipe.
    let size: Int?

    /// The most of one line, in bytes: what one request can carry.
    static let longestLine = 4 << 20

    /// Throws a `Failure` where the file cannot be read.
    init(_ file: String) throws {
        if file == "-" {
            handle = .standardInput
            size = nil
            return
        }
        guard let handle = FileHandle(forReadingAtPath: file) else {
            throw Failure("\(file): cannot be opened: \(String(cString: strerror(errno)))")
        }
        self.handle = handle
        let attributes = try? FileManager.default.attributesOfItem(atPath: file)
        let length = (attributes?[.size] as? NSNumber)?.intValue ?? 0
        size = length > 0 ? length : nil
    }

    /// How much of a file has been read, 0 to 1.
    var progress: Double? {
        size.map { min(1, Double(read - rest.count) / Double($0)) }
    }

    /// Waits for at least one line, takes at most `most`; empty at the end. Lines of white space are passed over.
    mutating func next(most: Int) throws -> [(number: Int, text: String)] {
        var lines: [(Int, String)] = []
        while true {
            while lines.count < most, let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                take(rest[rest.startIndex..<end], into: &lines)
                rest = rest[(end + 1)...]
            }
            if !lines.isEmpty || (isOver && rest.isEmpty) { return lines }
            if isOver {
                take(rest, into: &lines)
                rest = Data()
                continue
            }
            guard rest.count <= Self.longestLine else {
                throw Failure("line \(number + 1) is longer than \(Self.longestLine) bytes")
            }
            let more = handle.availableData
            isOver = more.isEmpty
            read += more.count
            rest = Data(rest) + more
        }
    }

    private mutating func take(_ line: Data, into lines: inout [(Int, String)]) {
        number += 1
        let text = String(decoding: line, as: UTF8.self)
        if !text.allSatisfy(\.isWhitespace) { lines.append((number, text)) }
    }
}
