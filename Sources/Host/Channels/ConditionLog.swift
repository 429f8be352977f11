import Engine
import Logging

/// The log of providers that came to rest and are well again: a line each, and no more of them in a minute than anybody
/// reads. Users name receivers, as many as they like: those that took something before have lines of their own.
struct ConditionLog {
    private struct Minute {
        var begin = Instant(milliseconds: 0)
        var told = 0
    }

    private var known = Minute()
    private var unknown = Minute()

    /// What is to be logged of the news.
    mutating func lines(_ channel: String, _ news: [Conditions.News], _ now: Instant) -> [(Logger.Level, String)] {
        news.compactMap { piece in
            piece.isKnown
                ? Self.line(channel, piece, &known, now) : Self.line(channel, piece, &unknown, now)
        }
    }

    private static func line(
        _ channel: String,
        _ piece: Conditions.News,
        _ minute: inout Minute,
        _ now: Instant
    ) -> (Logger.Level, String)? {
        if now - minute.begin >= LineLimits.loggedWithin { minute = Minute(begin: now) }
        minute.told += 1
        if minute.told == LineLimits.mostLogged + 1 {
            let whom = piece.isKnown ? "" : " that took nothing before"
            let more = "more providers\(whom) come to rest, or are well again, than are logged in a minute"
            return (.warning, "the channel \(channel): \(more); `triggerd health` names them")
        }
        guard minute.told <= LineLimits.mostLogged else { return nil }  // That was the line before.
        let provider = piece.service.isEmpty ? channel : "\(channel) (\(piece.service))"
        guard let reason = piece.reason else { return (.notice, "the channel \(provider) is well again") }
        return (.warning, "the channel \(provider) is degraded, its messages wait: \(reason)")
    }
}
