/// What a channel calls one of several providers, towards the host.
package enum ServiceLabel {
    private static let longest = 200

    /// Of one, or of several that a message goes to at once: sorted, each once, and cut where it is too long.
    package static func of(_ names: some Sequence<String>) -> String {
        let names = Set(names).subtracting([""])
        let joined = names.count < 2 ? names.first ?? "" : names.sorted().joined(separator: "+")
        return joined.utf8.count <= longest ? joined : String(decoding: joined.utf8.prefix(longest), as: UTF8.self)
    }
}
