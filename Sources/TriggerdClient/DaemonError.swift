import RPC

/// Why a call failed. Decide by the code; the message is for people.
public struct DaemonError: Error, Hashable, Sendable, CustomStringConvertible {
    /// As gRPC numbers them; docs/protocol.md says when which one is answered.
    public enum Code: Int32, Sendable {
        case cancelled = 1
        case unknown, invalidArgument, deadlineExceeded, notFound, alreadyExists, permissionDenied
        case resourceExhausted, failedPrecondition, aborted, outOfRange, unimplemented, `internal`, unavailable
        case dataLoss, unauthenticated
    }

    /// A packed message, of the type that the URL's last part names.
    public struct Detail: Hashable, Sendable {
        public let typeURL: String
        public let value: [UInt8]
    }

    public let code: Code
    public let message: String
    public let details: [Detail]
    /// The daemon may have had the request: with `unavailable` nobody knows whether it was done.
    public let wasSent: Bool

    init(_ code: Code, _ message: String, details: [Detail] = [], wasSent: Bool) {
        (self.code, self.message, self.details, self.wasSent) = (code, message, details, wasSent)
    }

    init(_ status: Status) {
        self.init(
            Code(rawValue: status.code.rawValue) ?? .unknown,
            status.message,
            details: status.details.map { Detail(typeURL: $0.typeURL, value: $0.value) },
            wasSent: true
        )
    }

    public var description: String { "\(code): \(message)" }

    /// Whether the call may be made again; `isSafe`: it may be done twice.
    func mayRepeat(_ isSafe: Bool) -> Bool {
        if !wasSent { return code == .unavailable }
        return isSafe && (code == .unavailable || code == .resourceExhausted)
    }
}
