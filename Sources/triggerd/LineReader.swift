import Glibc

/// Lines of a file or of standard input, as many at a time as are there.
struct LineReader: ~Copyable {
    struct Line {
        /// In the file, from 1.
        let number: Int
        /// Or why it cannot be read: a line is wrong alone.
        let text: Result<String, Failure>
    }

    private var file: InputFile
    private var buffer: [UInt8] = []
    /// Of the buffer: where the first line begins that was not given out, and how far no line's end is.
    private var start = 0
    private var looked = 0
    private var isOver = false
    private var number = 0
    private var read = 0
    /// Of a line that is too long, what was let go.
    private var dropped = 0

    private static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

    init(_ file: String) throws(Failure) {
        self.file = try InputFile(file)
    }

    /// How much of a file has been read, 0 to 1; nil where it is a pipe.
    var progress: Double? {
        file.size.map { min(1, Double(read - (buffer.count - start)) / Double($0)) }
    }

    /// Waits for at least one line, takes one request's at most; empty at the end. Lines of white space are passed
    /// over.
    mutating func next() throws(Failure) -> [Line] {
        var lines: [Line] = []
        var bytes = 0
        while true {
            while lines.count < CommandLimits.batchLines, bytes < CommandLimits.batchBytes, let end = lineEnd() {
                bytes += end - start
                if let line = take(upTo: end) { lines.append(line) }
                start = min(end + 1, buffer.count)
                looked = start
            }
            if !lines.isEmpty { return lines }
            if isOver, start == buffer.count, dropped == 0 { return [] }
            try readMore()
        }
    }

    /// The end of a file ends its last line.
    private func lineEnd() -> Int? {
        let found = buffer.withUnsafeBytes { bytes -> Int? in
            guard looked < bytes.count, let base = bytes.baseAddress,
                let newline = memchr(base + looked, 0x0a, bytes.count - looked)
            else { return nil }
            return UnsafeRawPointer(newline) - base
        }
        return found ?? (isOver && (start < buffer.count || dropped > 0) ? buffer.count : nil)
    }

    private mutating func readMore() throws(Failure) {
        buffer.removeFirst(start)
        start = 0
        if buffer.count > CommandLimits.line {
            dropped += buffer.count
            buffer.removeAll(keepingCapacity: true)
        }
        looked = buffer.count
        let more = try file.read(most: CommandLimits.lineBytesRead)
        isOver = more.isEmpty
        if read == 0 { try InputFile.refuseUTF16(more, file.name) }
        if read == 0, more.starts(with: Self.byteOrderMark) { start = Self.byteOrderMark.count }
        read += more.count
        buffer += more
    }

    /// Nil for a line of white space.
    private mutating func take(upTo end: Int) -> Line? {
        number += 1
        let length = dropped + end - start
        dropped = 0
        guard length <= CommandLimits.line else {
            return Line(
                number: number,
                text: .failure(Failure("\(length) bytes are too long: an item has at most \(CommandLimits.line)"))
            )
        }
        guard let text = String(validating: buffer[start..<end], as: UTF8.self) else {
            return Line(number: number, text: .failure(Failure("not a text in UTF-8")))
        }
        return text.utf8.allSatisfy { [0x20, 0x09, 0x0d].contains($0) }
            ? nil : Line(number: number, text: .success(text))
    }
}
