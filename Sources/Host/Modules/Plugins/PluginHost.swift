import Logging
import PluginABI

/// What the host's C table does.
enum PluginHost {
    static let sends = SendTable()
    /// Of all channels, for what modules log.
    static let secrets = Secrets()
    private static let logger = Logger(label: "triggerd.plugin")

    // Made once, never changed.
    nonisolated(unsafe) static let table: UnsafePointer<triggerd_host> = {
        let version: StaticString = "0.1.0"
        let table = UnsafeMutablePointer<triggerd_host>.allocate(capacity: 1)
        table.initialize(
            to: triggerd_host(
                size: UInt32(MemoryLayout<triggerd_host>.size),
                abi_minor: UInt32(TRIGGERD_ABI_MINOR),
                version: triggerd_text(
                    bytes: UnsafeRawPointer(version.utf8Start).assumingMemoryBound(to: CChar.self),
                    length: version.utf8CodeUnitCount
                ),
                log: { level, text in
                    let line = Logger.Message(stringLiteral: secrets.redacted(String(text)))
                    switch level {
                    case TRIGGERD_LOG_DEBUG.rawValue: logger.debug(line)
                    case TRIGGERD_LOG_INFO.rawValue: logger.info(line)
                    case TRIGGERD_LOG_WARNING.rawValue: logger.warning(line)
                    default: logger.error(line)
                    }
                },
                complete: { send, outcome in
                    guard let redacted = sends.redaction(of: send) else { return TRIGGERD_UNKNOWN_SEND.rawValue }
                    guard let outcome, let report = ChannelReport(outcome, redacted: redacted) else {
                        return TRIGGERD_BAD_OUTCOME.rawValue
                    }
                    return (sends.end(send, report) ? TRIGGERD_COMPLETED : TRIGGERD_UNKNOWN_SEND).rawValue
                }
            )
        )
        return UnsafePointer(table)
    }()
}
