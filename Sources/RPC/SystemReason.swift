import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#endif

extension Error {
    /// What the system said, in its own words: of a connection that could not be made, or an address that could not
    /// be listened at.
    package var systemReason: String {
        if case .connectTimeout? = self as? ChannelError { return "nobody answered in time" }
        return switch self {
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case let error as NIOConnectionError:
            error.connectionErrors.last?.error.systemReason ?? "no such host"
        case let error as SocketAddressError.UnknownHost: error.errorDescription
        default: "\(self)"
        }
    }
}
