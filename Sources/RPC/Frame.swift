/// The ten bytes before every body.
package struct FrameHeader: Hashable, Sendable {
    package static let size = 10

    /// Of the body, in bytes.
    package var length: UInt32
    package var stream: UInt32
    package var type: UInt8
    package var flags: UInt8

    package init(length: UInt32, stream: UInt32, type: FrameType, flags: UInt8 = 0) {
        self.length = length
        self.stream = stream
        self.type = type.rawValue
        self.flags = flags
    }

    /// `bytes` holds at least ten.
    init(_ bytes: UnsafeRawBufferPointer) {
        length = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
        stream = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        type = bytes[8]
        flags = bytes[9]
    }
}

package enum FrameType: UInt8, Sendable {
    case request = 1
    case response = 2
    case data = 3
}

/// Bits of a frame's flags. Of a request they mean nothing: its method says what comes.
enum FrameFlag {
    /// The sender sends no more on the stream.
    static let remoteClosed: UInt8 = 1
    /// The sender will send more.
    static let remoteOpen: UInt8 = 2
    /// The body is no message: what tells nothing from an empty one.
    static let noData: UInt8 = 4
}

/// Finds the frames in what a connection reads. It keeps no bytes: what is not a whole frame yet is shown to it
/// again with more behind it; what is too large is passed over as it comes.
struct FrameReader {
    enum Step: Equatable {
        /// Not enough bytes.
        case incomplete
        /// A frame, its body that many bytes after the header.
        case frame(FrameHeader)
        /// A frame whose body is passed over. `isHopeless`: so large that the connection is best closed.
        case oversize(FrameHeader, isHopeless: Bool)
        /// So many bytes of an oversize body.
        case passedOver(Int)
        /// An oversize body of which enough has come.
        case giveUp
    }

    let limits: Limits
    private var toPassOver = 0
    private var mayPassOver = 0

    init(limits: Limits) {
        self.limits = limits
    }

    var isPassingOver: Bool { toPassOver > 0 }

    /// What stands at the front of `bytes`.
    mutating func next(_ bytes: UnsafeRawBufferPointer) -> Step {
        if toPassOver > 0 {
            guard !bytes.isEmpty else { return .incomplete }
            let count = min(toPassOver, bytes.count)
            toPassOver -= count
            mayPassOver -= count
            if mayPassOver <= 0, toPassOver > 0 { return .giveUp }
            return .passedOver(count)
        }
        guard bytes.count >= FrameHeader.size else { return .incomplete }
        let header = FrameHeader(bytes)
        guard header.length <= limits.frameBytes else {
            toPassOver = Int(header.length)
            // docs/protocol.md: the first byte is reserved; a length that needs it is no honest mistake.
            let isHopeless = header.length >= 1 << 24
            mayPassOver = isHopeless ? limits.passedOverBytes : toPassOver + 1
            return .oversize(header, isHopeless: isHopeless)
        }
        return bytes.count - FrameHeader.size < Int(header.length) ? .incomplete : .frame(header)
    }
}
