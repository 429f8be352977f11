import Engine
import Schema

extension Text {
    /// The arena has checked that it is UTF-8.
    init(cString: UnsafePointer<CChar>) {
        self.init(String(cString: cString))
    }
}

/// Values between the engine and the schema.
extension Value {
    /// Null where the message sets none.
    init(_ message: UnsafePointer<Triggerd__V1__Value>) {
        switch message.pointee.kind_case {
        case TRIGGERD__V1__VALUE__KIND_BOOLEAN: self = .boolean(message.pointee.boolean != 0)
        case TRIGGERD__V1__VALUE__KIND_INTEGER: self = .integer(message.pointee.integer)
        case TRIGGERD__V1__VALUE__KIND_DECIMAL: self = .decimal(message.pointee.decimal)
        case TRIGGERD__V1__VALUE__KIND_STRING: self = .string(Text(cString: message.pointee.string))
        case TRIGGERD__V1__VALUE__KIND_LIST:
            let list = message.pointee.list.pointee
            self = .array(
                (0..<list.n_elements).map { index in
                    list.elements[index].map { Value($0) } ?? .null
                }
            )
        case TRIGGERD__V1__VALUE__KIND_OBJECT:
            let object = message.pointee.object.pointee
            self = .object(
                Object(
                    (0..<object.n_members).compactMap { index in
                        object.members[index].map { entry in
                            Object.Member(Text(cString: entry.pointee.key), Value(orNull: entry.pointee.value))
                        }
                    }
                )
            )
        default: self = .null
        }
    }

    init(orNull message: UnsafePointer<Triggerd__V1__Value>?) {
        if let message { self.init(message) } else { self = .null }
    }

    func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__Value> {
        let message = arena.make(triggerd__v1__value__init)
        switch self {
        case .null: break
        case .boolean(let value):
            message.pointee.kind_case = TRIGGERD__V1__VALUE__KIND_BOOLEAN
            message.pointee.boolean = value ? 1 : 0
        case .integer(let value):
            message.pointee.kind_case = TRIGGERD__V1__VALUE__KIND_INTEGER
            message.pointee.integer = value
        case .decimal(let value):
            message.pointee.kind_case = TRIGGERD__V1__VALUE__KIND_DECIMAL
            message.pointee.decimal = value
        case .string(let value):
            message.pointee.kind_case = TRIGGERD__V1__VALUE__KIND_STRING
            message.pointee.string = arena.text(value)
        case .array(let elements):
            let list = arena.make(triggerd__v1__list__init)
            list.pointee.n_elements = elements.count
            list.pointee.elements = arena.array(elements.map { $0.message(in: arena) })
            message.pointee.kind_case = TRIGGERD__V1__VALUE__KIND_LIST
            message.pointee.list = list
        case .object(let members):
            let object = arena.make(triggerd__v1__object__init)
            object.pointee.n_members = members.members.count
            object.pointee.members = arena.array(
                members.members.map { member in
                    let entry = arena.make(triggerd__v1__object__members_entry__init)
                    entry.pointee.key = arena.text(member.name)
                    entry.pointee.value = member.value.message(in: arena)
                    return entry
                }
            )
            message.pointee.kind_case = TRIGGERD__V1__VALUE__KIND_OBJECT
            message.pointee.object = object
        }
        return message
    }
}

/// Every `map<string, Value>` of the schema has entries of one layout, each under a type name of its own.
extension Object {
    package init<Entry>(_ entries: UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>?, count: Int) {
        guard let entries, count > 0 else {
            self.init()
            return
        }
        self.init(
            (0..<count).map { index in
                guard let entry = entries[index] else {
                    preconditionFailure("of \(count) members number \(index) is missing")
                }
                let member = UnsafeRawPointer(entry).assumingMemoryBound(to: Triggerd__V1__Object__MembersEntry.self)
                return Member(Text(cString: member.pointee.key), Value(orNull: member.pointee.value))
            }
        )
    }

    package func entries<Entry>(
        in arena: Arena,
        as type: Entry.Type
    ) -> UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>? {
        arena.array(
            members.map { member in
                let entry = arena.make(triggerd__v1__object__members_entry__init)
                entry.pointee.key = arena.text(member.name)
                entry.pointee.value = member.value.message(in: arena)
                return UnsafeMutableRawPointer(entry).assumingMemoryBound(to: Entry.self)
            }
        )
    }
}
