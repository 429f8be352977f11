import Synchronization

/// The tokens of a door, from their files.
package final class Tokens: Sendable {
    struct Known: Sendable {
        var token: [UInt8]
        var roles: Roles
    }

    private let known = Mutex<[Known]>([])
    /// Grows whenever a token may have come or gone.
    private let version = Atomic(0)

    package init() {}

    package var isEmpty: Bool { known.withLock(\.isEmpty) }
    var currentVersion: Int { version.load(ordering: .acquiring) }

    func replace(with all: [Known]) {
        known.withLock { $0 = all }
        version.add(1, ordering: .acquiringAndReleasing)
    }

    /// Nil where nobody has that token. How long this takes says nothing of the tokens: each is compared whole.
    package func roles(of token: String) -> Roles? {
        var token = token
        return token.withUTF8 { bytes in
            known.withLock { known in
                var found: Roles?
                for candidate in known where Self.areEqual(candidate.token, bytes) {
                    found = candidate.roles.union(found ?? [])
                }
                return found
            }
        }
    }

    static func areEqual(_ token: [UInt8], _ other: UnsafeBufferPointer<UInt8>) -> Bool {
        guard !other.isEmpty else { return token.isEmpty }
        var difference: UInt8 = token.count == other.count ? 0 : 1
        for index in token.indices { difference |= token[index] ^ other[index % other.count] }
        return difference == 0
    }

    /// The token of the metadata `authorization: Bearer TOKEN`.
    package static func token(in metadata: Metadata) -> String? {
        guard !metadata.isEmpty, let value = metadata["authorization"] else { return nil }
        let scheme = "bearer "
        guard value.utf8.count > scheme.utf8.count,
            zip(value.utf8, scheme.utf8).allSatisfy({ $0 | 0x20 == $1 | 0x20 })
        else { return nil }
        return String(value.utf8.dropFirst(scheme.utf8.count)) ?? nil
    }

    /// The tokens that a file holds, a line each; lines that begin with `#` say something to people.
    package static func tokens(in text: String, of path: String) throws(DoorFault) -> [[UInt8]] {
        var tokens: [[UInt8]] = []
        for line in text.split(whereSeparator: \.isNewline) where line.first != "#" && !line.allSatisfy(\.isWhitespace)
        {
            let token = Array(line.utf8)
            guard token.allSatisfy({ (0x21...0x7e).contains($0) }) else {
                throw DoorFault("\(path): a token is one word of visible ASCII, a line each: openssl rand -hex 32")
            }
            guard token.count >= Limits.leastTokenBytes else {
                throw DoorFault(
                    "\(path): a token has at least \(Limits.leastTokenBytes) characters, so that nobody guesses it: openssl rand -hex 32"
                )
            }
            guard token.count <= Limits.tokenBytes else {
                throw DoorFault("\(path): a token has at most \(Limits.tokenBytes) characters")
            }
            tokens.append(token)
        }
        guard !tokens.isEmpty else { throw DoorFault("\(path) holds no token: openssl rand -hex 32") }
        guard tokens.count <= Limits.tokensOfFile else {
            throw DoorFault("\(path) holds more than \(Limits.tokensOfFile) tokens")
        }
        return tokens
    }
}

/// What is wrong with a door, or with one of its files.
package struct DoorFault: Error, CustomStringConvertible, Sendable {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
