import PluginKit

/// Where bounces go: an address for each message, so that whoever reads them knows which one it was (VERP).
package struct BounceAddress: Sendable, Equatable {
    private let before: String
    private let behind: String
    /// With its `@`.
    private let domain: String

    private static let key = "{key}"
    /// RFC 5321, 4.5.3.1.1: what stands before the `@`.
    private static let longestLocal = 64

    /// - Parameter text: `local@domain`, with `{key}` in its local part, or else `+` and the key behind that.
    package init(_ text: String) throws(PluginError) {
        let mailbox: Mailbox
        do throws(AddressFault) {
            mailbox = try Mailbox(address: text)
        } catch {
            throw PluginError("bounces_to: \(error)")
        }
        guard let at = mailbox.address.lastIndex(of: "@"), !mailbox.needsUTF8, !mailbox.address.hasPrefix("\"") else {
            throw PluginError("bounces_to: before its @ are letters of ASCII, without quotes")
        }
        let parts = String(mailbox.address[..<at]).split(separator: Self.key, omittingEmptySubsequences: false)
        guard parts.count <= 2 else { throw PluginError("bounces_to: it has {key} more than once") }
        before = String(parts[0]) + (parts.count == 1 ? "+" : "")
        behind = parts.count == 1 ? "" : String(parts[1])
        domain = "@" + mailbox.domain
        guard before.utf8.count + behind.utf8.count + 32 <= Self.longestLocal else {
            throw PluginError("bounces_to: with the key it is too long before its @")
        }
    }

    /// The key as it stands in the Message-ID, or its digest where that has no room.
    package func address(of name: StableName) -> String {
        let room = Self.longestLocal - before.utf8.count - behind.utf8.count
        return before + (name.text.utf8.count <= room ? name.text : name.digest) + behind + domain
    }
}
