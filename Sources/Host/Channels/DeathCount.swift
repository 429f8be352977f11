/// How often in a row the daemon died while a channel had a message.
///
/// A crash (a signal such as SIGSEGV or SIGABRT, or a call of `exit`) is most likely the doing of a channel's code. Who
/// killed a process with SIGKILL, nobody can tell: mostly it was somebody outside, or the machine ran out of memory.
package struct DeathCount: Hashable, Sendable, CustomStringConvertible {
    var crashes: UInt8 = 0
    var kills: UInt8 = 0

    mutating func add(isCrash: Bool) {
        let most = LineLimits.deathsCounted
        if isCrash { crashes = min(crashes + 1, most) } else { kills = min(kills + 1, most) }
    }

    private var all: Int { Int(crashes) + Int(kills) }
    var isNone: Bool { all == 0 }
    var isToSetAside: Bool { crashes >= LineLimits.crashesToSetAside || all >= LineLimits.deathsToSetAside }
    var isToTryAlone: Bool { crashes >= LineLimits.crashesToTryAlone || all >= LineLimits.deathsToTryAlone }

    package var description: String { "\(all) times in a row" }
}
