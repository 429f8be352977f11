import Engine
import PluginABI

/// A value as the C contract lays it out. Lives as long as this object.
final class ValueTree {
    let root: UnsafePointer<triggerd_value>
    private var owned: [UnsafeMutableRawPointer] = []

    init(_ value: Value) {
        let memory = UnsafeMutablePointer<triggerd_value>.allocate(capacity: 1)
        root = UnsafePointer(memory)
        memory.initialize(to: lay(value))
    }

    deinit {
        root.deallocate()
        for memory in owned { memory.deallocate() }
    }

    private func lay(_ value: Value) -> triggerd_value {
        var laid = triggerd_value()
        switch value {
        case .null: laid.kind = TRIGGERD_NULL.rawValue
        case .boolean(let value):
            laid.kind = TRIGGERD_BOOLEAN.rawValue
            laid.of.boolean = value
        case .integer(let value):
            laid.kind = TRIGGERD_INTEGER.rawValue
            laid.of.integer = value
        case .decimal(let value):
            laid.kind = TRIGGERD_DECIMAL.rawValue
            laid.of.decimal = value
        case .string(let text):
            let copy = copy(text)
            laid.kind = TRIGGERD_STRING.rawValue
            laid.count = UInt32(copy.length)
            laid.of.string = copy.bytes
        case .array(let elements):
            laid.kind = TRIGGERD_ARRAY.rawValue
            laid.count = UInt32(elements.count)
            laid.of.elements = UnsafePointer(allocate(elements.map(lay)))
        case .object(let object):
            laid.kind = TRIGGERD_OBJECT.rawValue
            laid.count = UInt32(object.members.count)
            laid.of.members = UnsafePointer(
                allocate(object.members.map { triggerd_member(name: copy($0.name), value: lay($0.value)) })
            )
        }
        return laid
    }

    private func allocate<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
        let memory = UnsafeMutablePointer<Element>.allocate(capacity: max(1, elements.count))
        for (index, element) in elements.enumerated() { (memory + index).initialize(to: element) }
        owned.append(UnsafeMutableRawPointer(memory))
        return memory
    }

    private func copy(_ text: Text) -> triggerd_text {
        let bytes = allocate(text.utf8.map { CChar(bitPattern: $0) })
        return triggerd_text(bytes: bytes, length: text.utf8.count)
    }
}
