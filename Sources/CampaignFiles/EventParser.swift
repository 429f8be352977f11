internal import CYaml

/// The events of a YAML text, one by one: libyaml's, which Yams brings. Yams' own composer writes aliases out inside
/// of keys and goes as deep as they lead, so the tree is made here (`NodeComposer`).
final class EventParser {
    enum Event {
        case streamStart, streamEnd, documentStart, documentEnd
        case alias(String)
        case scalar(Node.Scalar, anchor: String?)
        case sequenceStart(anchor: String?)
        case mappingStart(anchor: String?)
        case sequenceEnd, mappingEnd
    }

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    /// libyaml reads from here as it goes.
    private let bytes: UnsafeMutableBufferPointer<UInt8>

    init(_ text: String) {
        parser = .allocate(capacity: 1)
        bytes = .allocate(capacity: text.utf8.count)
        _ = bytes.initialize(from: text.utf8)
        // It fails where there is no memory left, and nowhere else.
        precondition(yaml_parser_initialize(parser) == 1, "no memory for a YAML parser")
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, UnsafePointer(bytes.baseAddress), bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        bytes.deallocate()
    }

    func next() throws(YAMLFault) -> (event: Event, mark: Mark) {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw fault }
        defer { yaml_event_delete(&event) }
        let mark = Self.mark(event.start_mark)
        if let tag = Self.tag(event), !Self.knownTags.contains(tag) {
            throw YAMLFault(text: "the tag `\(tag.shortened)` means nothing here: leave it out", mark: mark)
        }
        return (Self.event(event), mark)
    }

    private static let text = "!!str"
    /// What a value is anyway, or a text however it is written.
    private static let knownTags = ["!", text, "!!map", "!!seq"]

    /// As a file writes it; nil where there is none.
    private static func tag(_ event: yaml_event_t) -> String? {
        let tag =
            switch event.type {
            case YAML_SCALAR_EVENT: name(event.data.scalar.tag)
            case YAML_SEQUENCE_START_EVENT: name(event.data.sequence_start.tag)
            case YAML_MAPPING_START_EVENT: name(event.data.mapping_start.tag)
            default: String?.none
            }
        return tag?.replacing("tag:yaml.org,2002:", with: "!!", maxReplacements: 1)
    }

    private static func event(_ event: yaml_event_t) -> Event {
        switch event.type {
        case YAML_STREAM_START_EVENT: return .streamStart
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_ALIAS_EVENT: return .alias(name(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            let isPlain =
                (scalar.style == YAML_PLAIN_SCALAR_STYLE || scalar.style == YAML_ANY_SCALAR_STYLE)
                && tag(event) == nil
            return .scalar(Node.Scalar(string: text, isPlain: isPlain), anchor: name(scalar.anchor))
        case YAML_SEQUENCE_START_EVENT: return .sequenceStart(anchor: name(event.data.sequence_start.anchor))
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_START_EVENT: return .mappingStart(anchor: name(event.data.mapping_start.anchor))
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        default: return .streamEnd
        }
    }

    private static func name(_ text: UnsafeMutablePointer<UInt8>?) -> String? { text.map { String(cString: $0) } }

    private static func mark(_ mark: yaml_mark_t) -> Mark { Mark(line: mark.line + 1, column: mark.column + 1) }

    private var fault: YAMLFault {
        let text = parser.pointee.problem.map { String(cString: $0) } ?? "it cannot be read"
        // A fault of the bytes themselves has an offset alone.
        let mark = parser.pointee.error == YAML_READER_ERROR ? parser.pointee.mark : parser.pointee.problem_mark
        return YAMLFault(text: "not YAML: \(Self.plainly[text] ?? text)", mark: Self.mark(mark))
    }

    /// What the parser says, and what a person can act on.
    private static let plainly = [
        "found invalid Unicode character escape code":
            "an escape that is no character: half of a surrogate pair alone, or beyond U+10FFFF"
    ]
}
