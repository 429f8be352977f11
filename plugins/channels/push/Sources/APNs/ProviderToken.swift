/// When a provider token is used and when a new one is made: Apple refuses one of more than 60 minutes, and new ones
/// more often than every 20 minutes.
package struct ProviderToken: Sendable {
    private let make: @Sendable (_ nowSeconds: Int64) throws -> String
    private var token: String?
    private var madeSeconds: Int64 = 0
    private var forcedSeconds: Int64?

    package static let longestSeconds: Int64 = 50 * 60
    package static let leastSeconds: Int64 = 20 * 60

    package init(_ make: @escaping @Sendable (_ nowSeconds: Int64) throws -> String) { self.make = make }

    package mutating func current(nowSeconds: Int64) throws -> String {
        // A clock that was set back must not keep a token for ever.
        if let token, (0..<Self.longestSeconds).contains(nowSeconds - madeSeconds) { return token }
        return try renew(nowSeconds: nowSeconds)
    }

    /// After Apple called one expired. Gives the one to use now, or nil where there is none but that.
    package mutating func replacement(for expired: String, nowSeconds: Int64) throws -> String? {
        if let token, token != expired { return token }
        let isOld = nowSeconds - madeSeconds >= Self.leastSeconds
        let wasForced = forcedSeconds.map { (0..<Self.leastSeconds).contains(nowSeconds - $0) } ?? false
        guard isOld || !wasForced else { return nil }
        forcedSeconds = nowSeconds
        return try renew(nowSeconds: nowSeconds)
    }

    private mutating func renew(nowSeconds: Int64) throws -> String {
        let made = try make(nowSeconds)
        token = made
        madeSeconds = nowSeconds
        return made
    }
}
