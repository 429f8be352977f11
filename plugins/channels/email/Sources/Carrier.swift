/// Takes letters to where they can be fetched: a mail server, or a maildir.
package protocol Carrier: Sendable {
    /// Carries `first` and whatever `next` gives, until it gives none; every one is ended. One call at a
    /// time for each carrier.
    func carry(_ first: Delivery, next: () -> Delivery?)

    /// Gives up what was kept for the next letter, where it has not been used since. Never during `carry`.
    /// - Parameter instant: of `Clock.monotonicMs`.
    func rest(unusedSince instant: Int64)

    /// From any thread: what is under way ends soon, and nothing begins any more.
    func abort()
}
