import Testing

import struct Engine.FieldSchema

@testable import Host
@testable import PluginKit

/// What a module says of a field is what the host reads of it.
struct FieldTests {
    @Test(
        "each kind and each flag of a field that PluginKit writes is read as it was said",
        arguments: [
            Field(name: "s", type: .string, flags: .required, oneOf: ["a", "b"], summary: "one of two"),
            Field(name: "l", type: .strings, oneOf: ["c"]), Field(name: "i", type: .integer),
            Field(name: "n", type: .number), Field(name: "b", type: .boolean, flags: .secret),
            Field(name: "x", type: .any, flags: .template), Field(name: "h", type: .string, flags: [.template, .html]),
            Field(name: "u", type: .string, flags: [.template, .url, .required]),
            Field(name: "o", type: .objects([Field(name: "radius", type: .number, flags: .required)])),
        ]
    )
    func read(field: Field) {
        let read = FieldSchema(field.permanent)
        #expect(read.name == field.name && read.summary == field.summary && read.oneOf == field.oneOf)
        #expect(read.isRequired == field.flags.contains(.required))
        #expect(read.isTemplate == field.flags.contains(.template) && read.isHTML == field.flags.contains(.html))
        #expect(read.isURL == field.flags.contains(.url) && read.isSecret == field.flags.contains(.secret))
        #expect("\(read.kind)".prefix { $0 != "(" } == "\(field.type)".prefix { $0 != "(" })
        guard case .objects(let inner) = read.kind else { return }  // Its kind is all there is.
        #expect(inner.map(\.name) == ["radius"] && inner.allSatisfy(\.isRequired))
    }
}
