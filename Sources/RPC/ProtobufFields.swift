import Varint

/// The few fields of the envelopes, read and written by hand: it costs no copy of the payload and cuts no text.
struct ProtobufFields {
    enum Field {
        case number(UInt64)
        /// Where the bytes stand.
        case bytes(Range<Int>)
        /// Of a fixed size, passed over.
        case other
    }

    struct Fault: Error {
        let text: String
    }

    let bytes: UnsafeRawBufferPointer
    private(set) var at: Int
    let end: Int

    init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        self.bytes = bytes
        at = range.lowerBound
        end = range.upperBound
    }

    /// The next field; nil at the end.
    mutating func next() throws(Fault) -> (number: UInt64, field: Field)? {
        guard at < end else { return nil }
        let tag = try varint()
        guard tag >> 3 != 0, tag <= UInt64(UInt32.max) else { throw Fault(text: "illegal tag \(tag)") }
        switch tag & 7 {
        case 0: return (tag >> 3, .number(try varint()))
        case 1: try skip(8)
        case 5: try skip(4)
        case 2:
            let length = try varint()
            guard length <= UInt64(end - at) else { throw Fault(text: "unexpected end") }
            let range = at..<(at + Int(length))
            at = range.upperBound
            return (tag >> 3, .bytes(range))
        default: throw Fault(text: "wire type \(tag & 7) is not of proto3")
        }
        return (tag >> 3, .other)
    }

    private mutating func skip(_ count: Int) throws(Fault) {
        guard end - at >= count else { throw Fault(text: "unexpected end") }
        at += count
    }

    private mutating func varint() throws(Fault) -> UInt64 {
        guard at < end, let base = bytes.baseAddress else { throw Fault(text: "unexpected end") }
        var place = base + at
        defer { at = place - base }
        do throws(Varint.Fault) {
            return try Varint.read(&place, before: base + end)
        } catch {
            throw Fault(text: error == .cut ? "unexpected end" : "a number of more than 64 bits")
        }
    }

    func string(_ range: Range<Int>) throws(Fault) -> String {
        guard let text = String(validating: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self) else {
            throw Fault(text: "string field contains invalid UTF-8")
        }
        return text
    }
}
