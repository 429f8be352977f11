/// Why a call failed: a code that every client knows, and a text for a person.
package struct Status: Error, Hashable, Sendable {
    package enum Code: Int32, Sendable {
        case ok = 0
        case cancelled, unknown, invalidArgument, deadlineExceeded, notFound, alreadyExists, permissionDenied
        case resourceExhausted, failedPrecondition, aborted, outOfRange, unimplemented, `internal`, unavailable
        case dataLoss, unauthenticated
    }

    /// `google.protobuf.Any`.
    package struct Detail: Hashable, Sendable {
        package var typeURL: String
        package var value: [UInt8]

        package init(typeURL: String, value: [UInt8]) {
            self.typeURL = typeURL
            self.value = value
        }
    }

    package var code: Code
    package var message: String
    package var details: [Detail]

    package init(_ code: Code, _ message: String, details: [Detail] = []) {
        self.code = code
        self.message = message
        self.details = details
    }

    /// A number off the wire: what is none of the codes is `unknown`, since some clients read it as success.
    package init(number: Int32, _ message: String, details: [Detail] = []) {
        self.init(Code(rawValue: number) ?? .unknown, message, details: details)
    }

    static func tooLarge(_ length: Int, most: Int = Limits.messageBytes) -> Status {
        Status(.resourceExhausted, "message length \(length) exceed maximum message size of \(most)")
    }
}

/// Lower-cased keys and their values, in the order in which they came; a key may come more than once.
package struct Metadata: Hashable, Sendable {
    package private(set) var pairs: [(key: String, value: String)] = []

    package init() {}

    package var isEmpty: Bool { pairs.isEmpty }

    /// The first value.
    package subscript(key: String) -> String? {
        let key = key.lowercased()
        return pairs.first { $0.key == key }?.value
    }

    package subscript(all key: String) -> [String] {
        let key = key.lowercased()
        return pairs.filter { $0.key == key }.map(\.value)
    }

    package mutating func append(_ key: String, _ value: String) {
        pairs.append((key.lowercased(), value))
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.pairs.elementsEqual(right.pairs, by: ==)
    }

    package func hash(into hasher: inout Hasher) {
        for (key, value) in pairs {
            hasher.combine(key)
            hasher.combine(value)
        }
    }
}
