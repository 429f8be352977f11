import PluginKit

/// Takes a letter to where it can be fetched: a mail server, or a maildir.
package protocol Carrier: Sendable {
    /// Hands the letter over and waits for the answer. One call at a time for each carrier.
    /// - Parameter withinMs: how long it may take.
    func carry(_ letter: Letter, dateMs: Int64, withinMs: Int64) -> Outcome

    /// From any thread: what is under way ends soon, and nothing begins any more.
    func abort()
}
