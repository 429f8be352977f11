/// How far this channel goes where a service and its settings contradict each other. The limits of a size stand with
/// what they bound.
package enum PushLimits {
    /// Answers in a row that speak of a token, and are given as well where a setting is wrong; with none accepted
    /// between, so many rest the service. Few enough that hardly a token is lost where the settings went wrong later
    /// on, and more than what a lane has at once in the beginning.
    package static let disputesInARow = 10
    /// Tokens that a service which has accepted none yet may call dead: with more of them it is not believed. A list of
    /// users who have left begins with many.
    package static let deathsBeforeAcceptance = 50
    /// 401 and 403 in a row of a web push service that has accepted none yet: one subscription that was made with an
    /// older key is not enough.
    package static let refusalsBeforeAcceptance = 3
    /// Tries of a message whose token the profile has had only since Apple called it dead: about eight minutes.
    package static let triesAfterOldDeath = 10
    /// FCM's "default to 60 seconds", where a 429 does not say how long.
    package static let quotaWaitMs: Int64 = 60_000
    /// Services of which it is remembered whether they accepted something: web push has as many as profiles name.
    package static let mostServices = 10_000
}
