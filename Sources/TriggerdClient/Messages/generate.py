"""Swift's messages of the schema: values with public fields, read and written by Coding.swift.

generate.py DESCRIPTOR_SET FILE
"""

import pathlib
import sys

from google.protobuf import descriptor_pb2

Field = descriptor_pb2.FieldDescriptorProto
PACKAGE = ".triggerd.v1."
# Swift type, default, how it is written and read.
SCALARS = {
    Field.TYPE_STRING: ("String", '""', "text"), Field.TYPE_BYTES: ("[UInt8]", "[]", "bytes"),
    Field.TYPE_BOOL: ("Bool", "false", "flag"), Field.TYPE_DOUBLE: ("Double", "0", "double"),
    Field.TYPE_INT64: ("Int64", "0", "int64"), Field.TYPE_UINT64: ("UInt64", "0", "uint64"),
    Field.TYPE_UINT32: ("UInt32", "0", "uint32"),
}  # fmt: skip
KEYWORDS = {"where", "is", "in", "for", "case", "default"}

files = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(sys.argv[1]).read_bytes()).file
entries = {}
out = []


def camel(name):
    first, *rest = name.split("_")
    text = first + "".join({"id": "ID", "ms": "MS"}.get(part, part.capitalize()) for part in rest)
    return f"`{text}`" if text in KEYWORDS else text


def short(type_name):
    return type_name.removeprefix(PACKAGE)


def scalar(field):
    if field.type == Field.TYPE_MESSAGE:
        return (short(field.type_name), None, "message")
    if field.type == Field.TYPE_ENUM:
        return (short(field.type_name), ".init(rawValue: 0)", "choice")
    return SCALARS[field.type]


def line(depth, text):
    out.append("    " * depth + text if text else "")


def comment(depth, text):
    for part in text.strip().splitlines():
        line(depth, "/// " + part.strip())


class Message:
    def __init__(self, message, file, path, name, depth):
        self.message, self.name, self.depth = message, name, depth
        self.comments = {tuple(place.path): place.leading_comments for place in file.source_code_info.location}
        self.file, self.path = file, path
        self.fields = list(enumerate(message.field))
        self.unions = {}
        for _, field in self.fields:
            if field.HasField("oneof_index"):
                self.unions.setdefault(field.oneof_index, []).append(field)
        self.unions = {index: fields for index, fields in self.unions.items() if len(fields) > 1}

    def union(self, field):
        return field.HasField("oneof_index") and field.oneof_index in self.unions

    def union_name(self, index):
        return self.message.oneof_decl[index].name.capitalize()

    def about(self, index):
        return self.comments.get((*self.path, 2, index), "")

    def write(self):
        depth = self.depth
        comment(depth, self.comments.get(tuple(self.path), ""))
        line(depth, f"public struct {self.message.name}: SchemaMessage, Hashable, Sendable {{")
        for index, enum in enumerate(self.message.enum_type):
            self.write_enum(enum, (*self.path, 4, index))
        for index, inner in enumerate(self.message.nested_type):
            if not inner.options.map_entry:
                Message(inner, self.file, [*self.path, 3, index], f"{self.name}.{inner.name}", depth + 1).write()
                line(0, "")
        for index in self.unions:
            self.write_union(index)
        self.write_properties()
        line(0, "")
        line(depth + 1, "public init() {}")
        self.write_reading()
        self.write_writing()
        line(depth, "}")

    def write_enum(self, enum, path):
        depth = self.depth + 1
        line(depth, f"public struct {enum.name}: SchemaChoice, Hashable, Sendable {{")
        line(depth + 1, "public var rawValue: UInt32")
        line(depth + 1, "public init(rawValue: UInt32) { self.rawValue = rawValue }")
        for index, value in enumerate(enum.value):
            comment(depth + 1, self.comments.get((*path, 2, index), ""))
            line(depth + 1, f"public static let {camel(value.name.lower())} = Self(rawValue: {value.number})")
        line(depth, "}")
        line(0, "")

    def write_union(self, union):
        depth = self.depth + 1
        comment(depth, self.comments.get((*self.path, 8, union), ""))
        line(depth, f"public indirect enum {self.union_name(union)}: Hashable, Sendable {{")
        for index, field in self.fields:
            if field in self.unions[union]:
                comment(depth + 1, self.about(index))
                line(depth + 1, f"case {camel(field.name)}({scalar(field)[0]})")
        line(depth, "}")
        line(0, "")

    def write_properties(self):
        depth = self.depth + 1
        told = set()
        for index, field in self.fields:
            name, (kind, initial, _) = camel(field.name), scalar(field)
            if self.union(field):
                if field.oneof_index not in told:
                    told.add(field.oneof_index)
                    union = self.message.oneof_decl[field.oneof_index].name
                    line(depth, f"public var {camel(union)}: {self.union_name(field.oneof_index)}?")
                continue
            comment(depth, self.about(index))
            if field.type == Field.TYPE_MESSAGE and short(field.type_name) in entries:
                line(depth, f"public var {name}: [String: {entries[short(field.type_name)]}] = [:]")
            elif field.label == Field.LABEL_REPEATED:
                line(depth, f"public var {name}: [{kind}] = []")
            elif field.HasField("oneof_index") or initial is None:
                line(depth, f"public var {name}: {kind}?")
            else:
                initial = f"{kind}(rawValue: 0)" if field.type == Field.TYPE_ENUM else initial
                line(depth, f"public var {name}{'' if field.type == Field.TYPE_ENUM else ': ' + kind} = {initial}")

    def write_reading(self):
        depth = self.depth + 1
        line(0, "")
        line(depth, "public mutating func read(_ number: UInt64, _ reader: inout FieldReader) throws(CodingFault) {")
        if self.fields:
            line(depth + 1, "switch number {")
            for _, field in self.fields:
                self.write_case(field, depth + 1)
            line(depth + 1, "default: try reader.skip()")
            line(depth + 1, "}")
        else:
            line(depth + 1, "try reader.skip()")
        line(depth, "}")

    def write_case(self, field, depth):
        name, (_, _, how) = camel(field.name), scalar(field)
        if self.union(field):
            union = camel(self.message.oneof_decl[field.oneof_index].name)
            line(depth, f"case {field.number}: {union} = .{name}(try reader.{how}())")
        elif field.type == Field.TYPE_MESSAGE and short(field.type_name) in entries:
            line(depth, f"case {field.number}: try reader.entry(into: &{name})")
        elif field.label == Field.LABEL_REPEATED and how == "uint64":
            line(depth, f"case {field.number}: try reader.numbers(into: &{name})")
        elif field.label == Field.LABEL_REPEATED:
            line(depth, f"case {field.number}: {name}.append(try reader.{how}())")
        else:
            line(depth, f"case {field.number}: {name} = try reader.{how}()")

    def write_writing(self):
        depth = self.depth + 1
        line(0, "")
        line(depth, "public func write(to writer: inout FieldWriter) {")
        told = set()
        for _, field in self.fields:
            name, (_, initial, how) = camel(field.name), scalar(field)
            if self.union(field):
                if field.oneof_index in told:
                    continue
                told.add(field.oneof_index)
                line(depth + 1, f"switch {camel(self.message.oneof_decl[field.oneof_index].name)} {{")
                for each in self.unions[field.oneof_index]:
                    line(depth + 1, f"case .{camel(each.name)}(let value): writer.{scalar(each)[2]}({each.number}, value)")
                line(depth + 1, "case nil: break")
                line(depth + 1, "}")
            elif field.type == Field.TYPE_MESSAGE and short(field.type_name) in entries:
                line(depth + 1, f"writer.entries({field.number}, {name})")
            elif field.label == Field.LABEL_REPEATED:
                line(depth + 1, f"for value in {name} {{ writer.{how}({field.number}, value) }}")
            elif field.HasField("oneof_index") or initial is None:
                line(depth + 1, f"if let {name} {{ writer.{how}({field.number}, {name}) }}")
            elif how == "flag":
                line(depth + 1, f"if {name} {{ writer.flag({field.number}, true) }}")
            elif how in ("text", "bytes"):
                line(depth + 1, f"if !{name}.isEmpty {{ writer.{how}({field.number}, {name}) }}")
            elif how == "choice":
                line(depth + 1, f"if {name}.rawValue != 0 {{ writer.choice({field.number}, {name}) }}")
            else:
                line(depth + 1, f"if {name} != 0 {{ writer.{how}({field.number}, {name}) }}")
        line(depth, "}")


def note(message, prefix):
    for inner in message.nested_type:
        if inner.options.map_entry:
            entries[f"{prefix}{message.name}.{inner.name}"] = short(inner.field[1].type_name)
        note(inner, f"{prefix}{message.name}.")


for file in files:
    for message in file.message_type:
        note(message, "")
line(0, "// Generated by generate.py from proto/: run `make generate`.")
line(0, "")
line(0, "/// The messages of the package triggerd.v1: absent is nil, zero, or empty.")
line(0, "public enum V1 {")
for file in files:
    for index, message in enumerate(file.message_type):
        if message.name not in ("Value", "List", "Object"):
            line(0, "")
            Message(message, file, [4, index], message.name, 1).write()
line(0, "}")
pathlib.Path(sys.argv[2]).write_text("\n".join(out) + "\n")
