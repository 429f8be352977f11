import Glibc
import RPC

/// The descriptors of the process, shared between connections and everything else.
enum Descriptors {
    /// The store's files (512 at most), channels' connections, logs, plug-ins.
    private static let keptBack = 768

    /// Raises the process's limit as far as it may, and gives how many connections each listener may have.
    static func raise(for listeners: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return Limits().connections }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let available = Int(clamping: limit.rlim_cur)
        // Where there are few, at least a quarter is for connections.
        let forConnections = max(available - keptBack, available / 4)
        return min(Limits().connections, max(1, forConnections / listeners))
    }
}
