/// Addresses that a provider called dead, one after the other. Many of them with no message accepted in between say
/// more of the provider, or of how it was set up, than of the addresses.
struct Deaths {
    private(set) var row = 0
    private var acceptances = 0
    /// Messages whose addresses' death was not believed, and how many were accepted by then.
    private var doubted: [UInt64: Int] = [:]

    mutating func accepted() {
        row = 0
        acceptances += 1
    }

    /// Whether a death is believed: one of the first in a row, or one that is told again after others were accepted.
    mutating func isBelieved(_ number: UInt64, limit: Int) -> Bool {
        if let before = doubted[number], before < acceptances { return true }
        row += 1
        if row < limit { return true }
        doubted[number] = acceptances
        return false
    }

    /// Nothing more comes of the message.
    mutating func forget(_ number: UInt64) {
        if !doubted.isEmpty { doubted[number] = nil }
    }
}
