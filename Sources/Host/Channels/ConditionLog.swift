import Engine
import Logging

/// The log of providers that came to rest and are well again: a line each, and no more of them in a minute than anybody
/// reads. Users name receivers, as many as they like.
struct ConditionLog {
    private var begin = Instant(milliseconds: 0)
    private var told = 0
    private var untold = 0

    /// What is to be logged of the news.
    mutating func lines(_ channel: String, _ news: [Conditions.News], _ now: Instant) -> [(Logger.Level, String)] {
        var lines: [(Logger.Level, String)] = []
        for piece in news {
            if now - begin >= LineLimits.loggedWithin {
                if untold > 0 {
                    lines.append((.warning, "the channel \(channel): \(untold) more came to rest or are well again"))
                }
                (begin, told, untold) = (now, 0, 0)
            }
            guard told < LineLimits.mostLogged else {
                untold += 1
                continue
            }
            told += 1
            let provider = piece.service.isEmpty ? channel : "\(channel) (\(piece.service))"
            if let reason = piece.reason {
                lines.append((.warning, "the channel \(provider) is degraded, its messages wait: \(reason)"))
            } else {
                lines.append((.notice, "the channel \(provider) is well again"))
            }
        }
        return lines
    }
}
