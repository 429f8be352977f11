import Engine

/// The text of `proto/triggerd/storage/v1/storage.proto`, as the messages describe themselves; `make generate` writes it.
package enum StorageSchema {
    package static var text: String {
        var printed: Set<String> = []
        var text = preface
        for message in messages {
            text += declaration(of: message, printed: &printed)
            if message == StoredDecision.self { text += codes }
        }
        return text
    }

    /// What is stored of itself; messages within these follow the first that needs them.
    private static var messages: [any StoredMessage.Type] {
        [
            FolderRecord.self, ViewRecord.self, Erasure.self, CommittedRecord.self, UserState.self, Timer.self,
            StoredDecision.self,
            ItemReceipt.self, OutboxMessage.self, OutboxState.self, DeadLetter.self, CampaignRecord.self,
            StoredEvent.self, Tally.self,
        ]
    }

    private static let preface = """
        // What stands on disk: the values of the store's records. docs/storage.md says which family holds which message under
        // which key; what a key says already is not repeated here. Written by `make generate`, from Sources/Storage/Records.
        //
        // Rules of growth: a field is never renumbered and never changes its type; a new field reads as absent in old records;
        // readers skip the fields that they do not know. A change that an older program must not meet raises the format of the
        // folder. An instant is a count of milliseconds since 1970-01-01T00:00:00Z. A oneof of one field is a field that may
        // be absent. `triggerd dump` shows a field under its name, without `is_` and `_ms`, or as it says beside it.
        syntax = "proto3";

        package triggerd.storage.v1;

        // A value is null where none of its kinds is set.
        message Value {
          oneof kind {
            bool boolean = 2;
            sint64 integer = 3;
            double decimal = 4;
            string text = 5;
            Array array = 6;
            Object object = 7;
          }
        }

        // A name with its value; the kinds have the numbers that they have in Value.
        message Member {
          string name = 1;
          oneof kind {
            bool boolean = 2;
            sint64 integer = 3;
            double decimal = 4;
            string text = 5;
            Array array = 6;
            Object object = 7;
          }
        }

        message Array {
          repeated Value elements = 1;
        }

        message Object {
          repeated Member members = 1;
        }

        """

    private static func declaration(of message: any StoredMessage.Type, printed: inout Set<String>) -> String {
        guard printed.insert(message.typeName).inserted else { return "" }
        let fields = DeclaredFields.of(message)
        var text = "\n" + DeclaredFields.comment(message.about.text, indentation: "").joined(separator: "\n")
        if !message.about.text.isEmpty { text += "\n" }
        text += "message \(message.typeName) {\n" + fields.lines.joined(separator: "\n") + "\n}\n"
        for inner in fields.messages { text += declaration(of: inner, printed: &printed) }
        return text
    }

    private static var codes: String {
        let names = Decision.Code.allCases.sorted { $0.number < $1.number }
            .map { "  \($0.rawValue.uppercased()) = \($0.number);\n" }
        return "\nenum \(Decision.Code.typeName) {\n  UNSPECIFIED = 0;\n" + names.joined() + "}\n"
    }
}

/// Declares every field of a message.
private struct DeclaredFields: FieldVisitor {
    typealias Fault = Never

    private(set) var lines: [String] = []
    private(set) var messages: [any StoredMessage.Type] = []

    static func of<Message: StoredMessage>(_ type: Message.Type) -> DeclaredFields {
        var message = type.blank
        var fields = DeclaredFields()
        message.describe(to: &fields)
        return fields
    }

    mutating func comment(_ text: StaticString) {
        lines += Self.comment("\(text)", indentation: "  ")
    }

    mutating func field<T: FieldType>(_ number: UInt32, _ name: StaticString, shown: Shown, _ value: inout T) {
        add(number, "\(name)", shown, T.declaration)
    }

    mutating func field<T: SingleType>(
        _ number: UInt32,
        _ name: StaticString,
        _ value: inout T,
        absent: @autoclosure () -> T,
        isWritten: Bool
    ) {
        add(number, "\(name)", .same, T?.declaration)
    }

    mutating func required<T: SingleType>(_ number: UInt32, _ name: StaticString, shown: Shown, _ value: inout T) {
        add(number, "\(name)", shown, T.declaration)
    }

    mutating func old<T: SingleType>(_ number: UInt32, _ name: StaticString, _ type: T.Type, _ take: (T) -> Void) {
        comment("Of older folders. No longer written.")
        add(number, "\(name)", .same, T.declaration)
    }

    private mutating func add(_ number: UInt32, _ name: String, _ shown: Shown, _ declaration: FieldDeclaration) {
        if let message = declaration.message { messages.append(message) }
        let note =
            switch shown {
            case .same: ""
            case .name(let name): "  // dump: \(name)"
            case .merged: "  // dump: its fields"
            }
        let field = "\(declaration.type) \(name) = \(number)"
        switch declaration.label {
        case .plain: lines.append("  \(field);\(note)")
        case .packed: lines.append("  repeated \(field);\(note)")
        case .repeated:
            // Numbers stand one by one, so that one of them is read as a list of them is.
            let packing = declaration.wire == .bytes ? "" : " [packed = false]"
            lines.append("  repeated \(field)\(packing);\(note)")
        case .optional:
            let stem = name.hasSuffix("_ms") ? String(name.dropLast(3)) : name
            lines += ["  oneof \(stem)_if_any {", "    \(field);\(note)", "  }"]
        }
    }

    /// Wrapped at the width of the sources.
    static func comment(_ text: String, indentation: String) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.utf8.count + 1 + word.utf8.count <= 120 {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append("\(indentation)// \(word)")
            }
        }
        return lines
    }
}
