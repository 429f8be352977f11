import Engine
import Schema

/// Where a request is unpacked and its reply is built: C messages that all end at once. Each thread has one.
package struct Arena {
    private let arena: OpaquePointer

    /// Runs `body` with the thread's arena, then forgets everything that it unpacked and built.
    package static func use<Result, Failure: Error>(
        _ body: (Arena) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let own = schema_arena_of_thread() else { fatalError("out of memory") }
        let mark = schema_arena_get_mark(own)
        defer { schema_arena_rewind(own, mark) }
        return try body(Arena(arena: own))
    }

    /// The payload as the message that `descriptor` describes and `Message` lays out.
    package func unpack<Message>(
        _ type: Message.Type,
        _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>,
        _ bytes: UnsafeRawBufferPointer,
        mostFields: Int = SCHEMA_FIELDS_LIMIT
    ) throws(PayloadError) -> UnsafePointer<Message> {
        var why = schema_fault()
        let start = Self.start(bytes)
        guard let unpacked = schema_unpack(arena, descriptor, start, bytes.count, mostFields, &why) else {
            throw PayloadError(why)
        }
        return UnsafeRawPointer(unpacked).assumingMemoryBound(to: Message.self)
    }

    /// The elements of the payload's repeated field of that number, each to be unpacked by itself, and the payload
    /// without them. `most`: elements.
    func takeApart(
        _ bytes: UnsafeRawBufferPointer,
        _ field: UInt32,
        most: Int
    ) throws(PayloadError) -> (elements: UnsafeBufferPointer<schema_span>, rest: UnsafeRawBufferPointer) {
        var (parts, why) = (schema_parts(), schema_fault())
        guard schema_take_apart(arena, field, most, Self.start(bytes), bytes.count, &parts, &why) == 1 else {
            throw PayloadError(why)
        }
        return (UnsafeBufferPointer(start: parts.elements, count: parts.count), UnsafeRawBufferPointer(parts.rest))
    }

    private static func start(_ bytes: UnsafeRawBufferPointer) -> UnsafePointer<UInt8> {
        // Of nothing a pointer is needed all the same.
        (bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1)!).assumingMemoryBound(to: UInt8.self)
    }

    /// A message with its defaults.
    package func make<Message>(
        _ initialize: (UnsafeMutablePointer<Message>?) -> Void
    ) -> UnsafeMutablePointer<Message> {
        let message = allocate(Message.self, 1)
        initialize(message)
        return message
    }

    /// The text as C has it. A zero byte would end it: U+FFFD stands in its place.
    package func text(_ string: String) -> UnsafeMutablePointer<CChar> {
        var string = string
        if string.utf8.contains(0) {
            string = String(String.UnicodeScalarView(string.unicodeScalars.map { $0 == "\0" ? "\u{fffd}" : $0 }))
        }
        return string.withUTF8 { bytes in
            let copy = allocate(CChar.self, bytes.count + 1)
            copy.withMemoryRebound(to: UInt8.self, capacity: bytes.count + 1) { to in
                if let from = bytes.baseAddress { to.update(from: from, count: bytes.count) }
            }
            return copy
        }
    }

    package func text(_ text: Text) -> UnsafeMutablePointer<CChar> {
        self.text(text.string)
    }

    /// An array of pointers, as libprotobuf-c keeps repeated messages; nil where there are none.
    package func array<Message>(
        _ messages: [UnsafeMutablePointer<Message>]
    ) -> UnsafeMutablePointer<UnsafeMutablePointer<Message>?>? {
        guard !messages.isEmpty else { return nil }
        let array = allocate(UnsafeMutablePointer<Message>?.self, messages.count)
        for (index, message) in messages.enumerated() { array[index] = message }
        return array
    }

    /// A field of bytes.
    package func bytes(_ bytes: [UInt8]) -> ProtobufCBinaryData {
        let memory = allocate(UInt8.self, max(1, bytes.count))
        memory.update(from: bytes, count: bytes.count)
        return ProtobufCBinaryData(len: bytes.count, data: memory)
    }

    /// A repeated field of numbers.
    package func numbers(_ numbers: [UInt64]) -> UnsafeMutablePointer<UInt64> {
        let memory = allocate(UInt64.self, max(1, numbers.count))
        for (index, number) in numbers.enumerated() { (memory + index).initialize(to: number) }
        return memory
    }

    /// How many bytes a message that was built here takes packed, and its tag and length.
    func size<Message>(of message: UnsafeMutablePointer<Message>) -> Int {
        let base = UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
        return protobuf_c_message_get_packed_size(base) + 8
    }

    /// Packs a message that was built here.
    package func pack<Message>(_ message: UnsafePointer<Message>) -> [UInt8] {
        let base = UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
        let size = protobuf_c_message_get_packed_size(base)
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = size == 0 ? 0 : protobuf_c_message_pack(base, buffer.baseAddress)
        }
    }

    private func allocate<Element>(_ type: Element.Type, _ count: Int) -> UnsafeMutablePointer<Element> {
        // What is built here was bounded before: by a frame, or by a limit of what it is built of.
        guard let memory = schema_arena_allocate(arena, MemoryLayout<Element>.stride * count) else {
            fatalError("out of memory")
        }
        return memory.bindMemory(to: Element.self, capacity: count)
    }
}

/// The elements of a repeated field, as `Arena.array` builds one. What was unpacked lacks none of them.
package func elements<Message>(
    _ count: Int,
    _ array: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?
) -> [UnsafePointer<Message>] {
    (0..<count).map { index in
        guard let element = array?[index] else {
            preconditionFailure("of \(count) elements number \(index) is missing")
        }
        return UnsafePointer(element)
    }
}

extension UnsafeRawBufferPointer {
    init(_ span: schema_span) {
        self.init(start: span.at, count: span.end - span.at)
    }
}

/// Why a payload is not the message that it should be.
package struct PayloadError: Error {
    package let text: String
    /// It may be well formed, and has more fields than are taken.
    let hasTooManyFields: Bool

    fileprivate init(_ fault: schema_fault) {
        text = fault.text.map { String(cString: $0) } ?? "it does not decode"
        hasTooManyFields = fault.too_many != 0
    }
}
