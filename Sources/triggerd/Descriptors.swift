import Glibc
import RPC

/// The descriptors of the process, shared between connections and everything else.
enum Descriptors {
    /// Opens of 0, 1 and 2 what is closed on nothing: the next file or socket would have the number, and get what is
    /// printed.
    static func openStandard() {
        for descriptor in 0...2 as ClosedRange<Int32> where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
            // The lowest number that is free: this one.
            _ = open("/dev/null", O_RDWR)
        }
    }

    /// Gives how many there may be; nil where the system does not tell.
    @discardableResult
    static func raiseToMost() -> Int? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(clamping: limit.rlim_cur)
    }

    /// Raises the process's limit as far as it may, and gives how many connections each door may have. Throws where
    /// there are too few to begin with.
    static func raise(for doors: Int, atMost most: Int) throws(Failure) -> Int {
        guard let available = raiseToMost() else { return most }
        guard available >= ServeLimits.fewestDescriptors else {
            throw Failure(
                "\(available) file descriptors are too few, \(ServeLimits.fewestDescriptors) is the least: raise LimitNOFILE, or ulimit -n"
            )
        }
        // Where there are few, at least a quarter is for connections.
        let forConnections = max(available - ServeLimits.keptDescriptors, available / 4)
        return min(most, max(1, forConnections / doors))
    }
}
