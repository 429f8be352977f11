import Logging
import NIOCore
import Synchronization

/// Lines that peers bring about: so many in a minute, and then how many more there were.
package final class BoundedLog: Sendable {
    private struct Minute {
        var began: NIODeadline?
        var told = 0
        var untold = 0
    }

    private let minute = Mutex(Minute())
    private let logger: Logger

    package init(_ logger: Logger) {
        self.logger = logger
    }

    package func notice(_ line: @autoclosure () -> String) {
        let (isTold, untold) = minute.withLock { minute -> (Bool, Int) in
            let now = NIODeadline.now()
            var untold = 0
            if minute.began.map({ now - $0 >= Limits.refusalsAreCountedFor }) ?? true {
                untold = minute.untold
                minute = Minute(began: now)
            }
            let isTold = minute.told < Limits.refusalsTold
            if isTold { minute.told += 1 } else { minute.untold += 1 }
            return (isTold, untold)
        }
        if untold > 0 { logger.notice("\(untold) more were turned away or refused, and are not told one by one") }
        if isTold { logger.notice("\(line())") }
    }
}
