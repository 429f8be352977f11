import HTTPClient
import PluginKit

/// What a service says of one token.
package enum Verdict: Hashable, Sendable {
    case accepted(id: String)
    /// What the service asked for in milliseconds, 0 where it did not; why; whom it concerns.
    case again(afterMs: Int64, String, Outcome.Cause)
    /// For good: the message, and not the token.
    case refused(String)
    /// The token is of no use any more.
    case dead(String)

    /// Of an acceptance its id.
    var reason: String {
        switch self {
        case .accepted(let text), .again(_, let text, _), .refused(let text), .dead(let text): text
        }
    }

    var isRefusal: Bool {
        if case .refused = self { true } else { false }
    }

    var waitMs: Int64 {
        if case .again(let waitMs, _, _) = self { waitMs } else { 0 }
    }
}

extension Verdict {
    /// Whom an address does not take now, it takes for nobody.
    static func of(_ fault: HTTPFault) -> Verdict {
        switch fault {
        case .keptOut: .refused("\(fault.reason), see push.allow_local")
        case .unreachable, .tls, .timeout(_, sent: false), .silent, .broken(_, sent: false):
            .again(afterMs: 0, fault.reason, .unavailable)
        case .timeout(_, sent: true), .broken(_, sent: true), .notTaken, .stopped, .local:
            .again(afterMs: 0, fault.reason, .message)
        }
    }
}

extension Outcome.Cause {
    /// How many others it concerns.
    fileprivate var reach: Int {
        switch self {
        case .message: 0
        case .doubted: 1
        case .throttled: 2
        case .unavailable: 3
        }
    }
}

/// What came of a message to all of a user's tokens.
package struct Delivery: Sendable {
    package let outcome: Outcome
    /// Of the token that decided; of all where it is to be tried again.
    package let service: String
    /// As they stand on the profile.
    package let deadTokens: [String]

    init(_ outcome: Outcome, service: String = "", deadTokens: [String] = []) {
        self.outcome = outcome
        self.service = service
        self.deadTokens = deadTokens
    }
}

extension Delivery {
    /// A receipt needs one token: accepted where one was, else tried again where one may be, else over.
    init(_ tokens: [String], _ verdicts: [(service: String, verdict: Verdict)]) {
        var accepted: (id: String, service: String)?
        var again: (waitMs: Int64, reason: String, cause: Outcome.Cause)?
        var refused: (reason: String, service: String)?
        var dead: [(token: String, reason: String, service: String)] = []
        for (token, (service, verdict)) in zip(tokens, verdicts) {
            switch verdict {
            case .accepted(let id):
                if accepted == nil { accepted = (id, service) }
            case .again(let waitMs, let reason, let cause):
                // Of two the one that is to wait longer; of the same wait the one that concerns more.
                if again.map({ ($0.waitMs, $0.cause.reach) < (waitMs, cause.reach) }) ?? true {
                    again = (waitMs, reason, cause)
                }
            case .refused(let reason):
                if refused == nil { refused = (reason, service) }
            case .dead(let reason): dead.append((token, reason, service))
            }
        }
        let deadTokens = dead.map(\.token)
        if let accepted {
            self.init(.accepted(id: accepted.id), service: accepted.service, deadTokens: deadTokens)
        } else if let again {
            let outcome = Outcome.tryAgain(after: again.waitMs, again.reason, cause: again.cause)
            // The host's pace is of them together, as it handed the message over.
            self.init(outcome, service: ServiceLabel.of(verdicts.map(\.service)), deadTokens: deadTokens)
        } else if let refused {
            self.init(.refused(refused.reason), service: refused.service, deadTokens: deadTokens)
        } else if let first = dead.first {
            self.init(.addressDead(first.token, first.reason), service: first.service, deadTokens: deadTokens)
        } else {
            self.init(.refused("the user has no push token"))
        }
    }
}
