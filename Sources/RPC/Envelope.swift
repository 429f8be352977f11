import NIOCore
import Varint

/// `ttrpc.Request`: its strings and its payload as places in the frame's body.
struct RequestEnvelope {
    var service = 0..<0
    var method = 0..<0
    var payload = 0..<0
    var timeoutNanoseconds: Int64 = 0
    var metadata = Metadata()
    /// More than the limits allow: none of it is kept.
    var hasTooMuchMetadata = false

    /// Throws what does not decode. Unknown fields are passed over; of one that comes twice the last counts.
    init(_ bytes: UnsafeRawBufferPointer, limits: Limits) throws(ProtobufFields.Fault) {
        var fields = ProtobufFields(bytes, 0..<bytes.count)
        var (pairs, metadataBytes) = (0, 0)
        while let (number, field) = try fields.next() {
            switch (number, field) {
            case (1, .bytes(let range)):
                try Self.checkUTF8(bytes, range)
                service = range
            case (2, .bytes(let range)):
                try Self.checkUTF8(bytes, range)
                method = range
            case (3, .bytes(let range)): payload = range
            case (4, .number(let value)): timeoutNanoseconds = Int64(bitPattern: value)
            case (5, .bytes(let range)):
                pairs += 1
                metadataBytes += range.count
                guard pairs <= limits.metadataPairs, metadataBytes <= limits.metadataBytes else {
                    hasTooMuchMetadata = true
                    metadata = Metadata()
                    continue
                }
                let (key, value) = try Self.pair(bytes, range)
                metadata.append(key, value)
            case (1...5, _): throw ProtobufFields.Fault(text: "field \(number) is of another type")
            default: continue
            }
        }
    }

    private static func checkUTF8(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>
    ) throws(ProtobufFields.Fault) {
        // Names are ASCII as a rule, which needs no string.
        if bytes[range].allSatisfy({ $0 < 0x80 }) { return }
        _ = try ProtobufFields(bytes, range).string(range)
    }

    private static func pair(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>
    ) throws(ProtobufFields.Fault) -> (String, String) {
        var fields = ProtobufFields(bytes, range)
        var pair = ("", "")
        while let (number, field) = try fields.next() {
            switch (number, field) {
            case (1, .bytes(let range)): pair.0 = try fields.string(range)
            case (2, .bytes(let range)): pair.1 = try fields.string(range)
            default: continue
            }
        }
        return pair
    }
}

extension ByteBuffer {
    /// A whole frame that asks for something.
    mutating func writeRequest(
        stream: UInt32,
        service: String,
        method: String,
        payload: ByteBuffer,
        timeoutNanoseconds: Int64,
        metadata: Metadata,
        flags: UInt8 = 0
    ) {
        let start = writerIndex
        writeHeader(FrameHeader(length: 0, stream: stream, type: .request, flags: flags))
        writeField(1, service)
        writeField(2, method)
        if payload.readableBytes > 0 {
            writeTag(3, payload.readableBytes)
            writeImmutableBuffer(payload)
        }
        if timeoutNanoseconds != 0 {
            writeInteger(UInt8(4 << 3))
            writeVarint(UInt64(bitPattern: timeoutNanoseconds))
        }
        for (key, value) in metadata.pairs {
            var pair = ByteBuffer()
            pair.writeField(1, key)
            pair.writeField(2, value)
            writeTag(5, pair.readableBytes)
            writeImmutableBuffer(pair)
        }
        setInteger(UInt32(writerIndex - start - FrameHeader.size), at: start)
    }

    /// A whole frame that carries a message of a stream.
    mutating func writeData(stream: UInt32, payload: ByteBuffer) {
        writeHeader(FrameHeader(length: UInt32(payload.readableBytes), stream: stream, type: .data))
        writeImmutableBuffer(payload)
    }

    /// A whole frame that says that nothing more is sent: always one of its own, since not every peer takes a message
    /// and the end together.
    mutating func writeEnd(stream: UInt32) {
        let flags = FrameFlag.remoteClosed | FrameFlag.noData
        writeHeader(FrameHeader(length: 0, stream: stream, type: .data, flags: flags))
    }

    /// A whole frame that answers. Gives false, and writes nothing, where it would be too large for any client.
    mutating func writeResponse(stream: UInt32, payload: ByteBuffer) -> Bool {
        let count = payload.readableBytes
        guard count > 0 else {
            // docs/protocol.md: `status {}` instead of nothing, which some clients wait for for ever.
            writeHeader(FrameHeader(length: 2, stream: stream, type: .response))
            writeInteger(UInt16(0x0a00))
            return true
        }
        let size = 1 + Varint.size(of: UInt64(count)) + count
        guard size <= Limits.messageBytes else { return false }
        writeHeader(FrameHeader(length: UInt32(size), stream: stream, type: .response))
        writeTag(2, count)
        writeImmutableBuffer(payload)
        return true
    }

    mutating func writeResponse(stream: UInt32, status: Status) {
        var body = ByteBuffer()
        if status.code != .ok {
            body.writeInteger(UInt8(1 << 3))
            body.writeVarint(UInt64(status.code.rawValue))
        }
        body.writeField(2, status.message)
        for detail in status.details {
            var any = ByteBuffer()
            any.writeField(1, detail.typeURL)
            any.writeTag(2, detail.value.count)
            any.writeBytes(detail.value)
            body.writeTag(3, any.readableBytes)
            body.writeImmutableBuffer(any)
        }
        let size = 1 + Varint.size(of: UInt64(body.readableBytes)) + body.readableBytes
        guard size <= Limits.messageBytes else {
            writeResponse(stream: stream, status: .tooLarge(size))
            return
        }
        writeHeader(FrameHeader(length: UInt32(size), stream: stream, type: .response))
        writeTag(1, body.readableBytes)
        writeImmutableBuffer(body)
    }

    private mutating func writeHeader(_ header: FrameHeader) {
        writeMultipleIntegers(header.length, header.stream, header.type, header.flags)
    }

    private mutating func writeField(_ number: Int, _ text: String) {
        guard !text.isEmpty else { return }  // proto3 leaves it out.
        writeTag(number, text.utf8.count)
        writeString(text)
    }

    private mutating func writeTag(_ number: Int, _ length: Int) {
        writeInteger(UInt8(number << 3 | 2))
        writeVarint(UInt64(length))
    }

    private mutating func writeVarint(_ value: UInt64) {
        let size = Varint.size(of: value)
        writeWithUnsafeMutableBytes(minimumWritableBytes: size) { room in
            room.baseAddress.map { Varint.write(value, to: $0) } ?? 0
        }
    }
}

/// `ttrpc.Response`, as a client reads it.
struct ResponseEnvelope {
    var status: Status?
    var payload = 0..<0

    init(_ bytes: UnsafeRawBufferPointer) throws(ProtobufFields.Fault) {
        var fields = ProtobufFields(bytes, 0..<bytes.count)
        while let (number, field) = try fields.next() {
            switch (number, field) {
            case (1, .bytes(let range)): status = try Self.status(bytes, range)
            case (2, .bytes(let range)): payload = range
            default: continue
            }
        }
    }

    private static func status(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>
    ) throws(ProtobufFields.Fault) -> Status? {
        var fields = ProtobufFields(bytes, range)
        var code: Int32 = 0
        var message = ""
        var details: [Status.Detail] = []
        while let (number, field) = try fields.next() {
            switch (number, field) {
            case (1, .number(let value)): code = Int32(truncatingIfNeeded: value)
            case (2, .bytes(let range)): message = try fields.string(range)
            case (3, .bytes(let range)): details.append(try detail(bytes, range))
            default: continue
            }
        }
        return code == 0 ? nil : Status(number: code, message, details: details)
    }

    private static func detail(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>
    ) throws(ProtobufFields.Fault) -> Status.Detail {
        var fields = ProtobufFields(bytes, range)
        var detail = Status.Detail(typeURL: "", value: [])
        while let (number, field) = try fields.next() {
            switch (number, field) {
            case (1, .bytes(let range)): detail.typeURL = try fields.string(range)
            case (2, .bytes(let range)): detail.value = Array(bytes[range])
            default: continue
            }
        }
        return detail
    }
}
