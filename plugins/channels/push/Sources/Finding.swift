import PluginKit

/// What an answer says of a token, and what may be wrong instead of it.
package struct Finding: Hashable, Sendable {
    /// What comes of it where the service is to be believed.
    package var verdict: Verdict
    package var doubt: Doubt?

    package init(_ verdict: Verdict, doubt: Doubt? = nil) {
        self.verdict = verdict
        self.doubt = doubt
    }
}

/// A setting that would make a service say the same of good tokens.
package struct Doubt: Hashable, Sendable {
    package enum Until: Hashable, Sendable {
        /// Nothing is believed before the service accepted a token, nor after so many in a row.
        case acceptance(inARow: Int)
        /// It is believed, until so many came before the first acceptance.
        case row(beforeAcceptance: Int)
    }

    package var until: Until
    /// The setting, and what may be wrong with it.
    package var setting: String

    package init(until: Until, setting: String) {
        self.until = until
        self.setting = setting
    }
}
