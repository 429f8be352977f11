import Engine
import PluginABI

/// What a channel says of one try to send.
package enum ChannelOutcome: Hashable, Sendable {
    case accepted(id: String)
    /// `after`: what the provider asked for.
    case tryAgain(after: Length, reason: String, cause: Cause)
    case refused(reason: String)
    case addressDead(address: Text, reason: String)
    case unknown(reason: String)

    /// Whom a failed try concerns.
    package enum Cause: Hashable, Sendable {
        case message, throttled, unavailable
        /// An address was called dead, which is not believed for now.
        case doubted
    }

    /// Whether it is of the message for good, and says of its provider that it answers.
    var isRefusal: Bool {
        switch self {
        case .refused, .addressDead: true
        case .accepted, .tryAgain, .unknown: false
        }
    }
}

/// An outcome, with what it says of more than the message.
package struct ChannelReport: Hashable, Sendable {
    package var outcome: ChannelOutcome
    /// Which of several providers behind the channel it is of; empty: there is one.
    package var service: Text = ""
    /// Of the message's addresses, those of no use any more.
    package var deadAddresses: [Text] = []
    /// Of an unknown outcome: the provider answers nothing, and others would wait as long.
    package var isHanging = false

    package init(_ outcome: ChannelOutcome, service: Text = "", deadAddresses: [Text] = []) {
        self.outcome = outcome
        self.service = service
        self.deadAddresses = deadAddresses
    }

    /// Whether addresses are to be taken from a user who has no other that took the message.
    var callsAddressesDead: Bool {
        switch outcome {
        case .accepted: false
        case .addressDead: true
        case .tryAgain, .refused, .unknown: !deadAddresses.isEmpty
        }
    }
}

extension ChannelReport {
    /// The size of an outcome of version 1.0.
    private static let oldestSize =
        MemoryLayout<triggerd_outcome>.offset(of: \triggerd_outcome.wait_ms)! + MemoryLayout<Int64>.size

    /// Nil for what is no outcome. A module of an older version leaves the fields out that it does not know.
    init?(_ pointer: UnsafePointer<triggerd_outcome>, redacted: (String) -> String) {
        let size = Int(pointer.pointee.size)
        guard size >= Self.oldestSize else { return nil }
        let isWhole = size >= MemoryLayout<triggerd_outcome>.size
        func has(_ offset: Int?, _ length: Int) -> Bool { isWhole || offset.map { $0 + length <= size } ?? false }

        let detail = redacted(String(String(pointer.pointee.detail).prefix(HostLimits.charactersOfDetail)))
        let hasCause = has(
            MemoryLayout<triggerd_outcome>.offset(of: \triggerd_outcome.cause),
            MemoryLayout<UInt32>.size
        )
        let cause = hasCause ? ChannelOutcome.Cause(pointer.pointee.cause) : .message
        switch pointer.pointee.result {
        case TRIGGERD_ACCEPTED.rawValue: outcome = .accepted(id: detail)
        case TRIGGERD_TRY_AGAIN.rawValue:
            outcome = .tryAgain(
                after: Length(milliseconds: max(0, pointer.pointee.wait_ms)),
                reason: detail,
                cause: cause
            )
        case TRIGGERD_REFUSED.rawValue: outcome = .refused(reason: detail)
        case TRIGGERD_ADDRESS_DEAD.rawValue:
            outcome = .addressDead(address: Text(String(pointer.pointee.address)), reason: detail)
        case TRIGGERD_UNKNOWN.rawValue:
            outcome = .unknown(reason: detail)
            isHanging = cause == .unavailable
        default: return nil
        }
        if isWhole {
            service = Text(String(pointer.pointee.service))
            deadAddresses = UnsafeBufferPointer(
                start: pointer.pointee.dead_addresses,
                count: pointer.pointee.dead_addresses == nil ? 0 : pointer.pointee.dead_address_count
            ).map { Text(String($0)) }
        }
    }
}

extension ChannelOutcome.Cause {
    fileprivate init(_ cause: UInt32) {
        switch cause {
        case TRIGGERD_THROTTLED.rawValue: self = .throttled
        case TRIGGERD_UNAVAILABLE.rawValue: self = .unavailable
        case TRIGGERD_DOUBTED.rawValue: self = .doubted
        default: self = .message
        }
    }
}
