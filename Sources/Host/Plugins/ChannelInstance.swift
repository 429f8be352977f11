import Dispatch
import Engine
import Logging
import PluginABI
import Storage
import Synchronization

/// What a channel says of one try to send.
enum ChannelOutcome: Hashable, Sendable {
    case accepted(id: String)
    case tryAgain(after: Length, reason: String)
    case refused(reason: String)
    case addressDead(address: String, reason: String)
}

/// A channel that was started. Every send ends exactly once: by the channel, or by the host at its deadline.
package final class ChannelInstance: @unchecked Sendable {
    // The plug-in keeps its own threads in order; nothing here changes after `init`.
    let name: String
    let concurrency: Int
    private let table: UnsafePointer<triggerd_channel>
    private let instance: UnsafeMutableRawPointer
    private let calls: PluginCounters
    private let deadline: Length
    private let clock: Clock

    /// Throws the channel's reason, or what is wrong with the settings.
    package init(
        _ channel: PluginRegistry.RegisteredChannel,
        settings: Object,
        dataFolder: String,
        deadline: Length = HostLimits().sendDeadline,
        clock: Clock = .system
    ) throws(PluginRegistry.Problem) {
        name = String(channel.table.pointee.name)
        concurrency = max(1, Int(channel.table.pointee.concurrency))
        table = channel.table
        calls = channel.calls
        self.deadline = deadline
        self.clock = clock
        let faults = FieldSchema.faults(of: settings, channel.settingFields, at: name)
        guard faults.isEmpty else {
            throw PluginRegistry.Problem(
                file: "channel \(name)",
                reason: faults.map { "\($0.field): \($0.text)" }.joined(separator: "; "),
                cure: "mend the setting"
            )
        }
        var settings = settings
        settings["data_folder"] = .string(dataFolder)
        let tree = ValueTree(.object(FieldSchema.normalized(settings, channel.settingFields)))
        var reason = ""
        let started = withReason(&reason) { why in
            withExtendedLifetime(tree) { channel.table.pointee.start(channel.table.pointee.context, tree.root, why) }
        }
        guard let started else {
            throw PluginRegistry.Problem(
                file: "channel \(name)",
                reason: "it cannot start: \(reason)",
                cure: "mend the setting"
            )
        }
        instance = started
    }

    /// Begins to send. `ended` is called once, on any thread.
    func send(_ message: OutboxMessage, _ ended: @escaping @Sendable (ChannelOutcome) -> Void) {
        calls.count()
        let send = PluginHost.sends.begin { [calls] outcome in
            if case .tryAgain = outcome { calls.countFailure() }
            ended(outcome)
        }
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Int(deadline.milliseconds))) {
            _ = PluginHost.sends.end(
                send,
                .tryAgain(after: .zero, reason: "the channel did not answer within \(self.deadline)")
            )
        }
        let addresses = ValueTree(.array(message.addresses.map(Value.string)))
        let fields = ValueTree(.object(message.fields))
        let texts = UnsafeBufferPointer(start: addresses.root.pointee.of.elements, count: message.addresses.count).map {
            triggerd_text(bytes: $0.of.string, length: Int($0.count))
        }
        message.key.withText { key in
            message.campaign.withText { campaign in
                message.user.withText { user in
                    texts.withUnsafeBufferPointer { texts in
                        var view = triggerd_message(
                            size: UInt32(MemoryLayout<triggerd_message>.size),
                            key: key,
                            campaign: campaign,
                            user: user,
                            addresses: texts.baseAddress,
                            address_count: texts.count,
                            fields: fields.root.pointee.of.members,
                            field_count: message.fields.members.count,
                            deadline_ms: (clock.now() + deadline).milliseconds,
                            attempt: 1
                        )
                        table.pointee.send(instance, send, &view)
                    }
                }
            }
        }
        withExtendedLifetime((addresses, fields)) {}
    }

    func drain() {
        table.pointee.drain(instance)
    }

    func stop() {
        table.pointee.stop(instance)
    }
}

/// What the host's C table does.
enum PluginHost {
    static let sends = SendTable()
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
                    let line = Logger.Message(stringLiteral: String(text))
                    switch level {
                    case TRIGGERD_LOG_DEBUG.rawValue: logger.debug(line)
                    case TRIGGERD_LOG_INFO.rawValue: logger.info(line)
                    case TRIGGERD_LOG_WARNING.rawValue: logger.warning(line)
                    default: logger.error(line)
                    }
                },
                complete: { send, outcome in
                    guard let outcome, let result = ChannelOutcome(outcome.pointee) else {
                        return TRIGGERD_BAD_OUTCOME.rawValue
                    }
                    return (sends.end(send, result) ? TRIGGERD_COMPLETED : TRIGGERD_UNKNOWN_SEND).rawValue
                }
            )
        )
        return UnsafePointer(table)
    }()
}

extension ChannelOutcome {
    fileprivate init?(_ outcome: triggerd_outcome) {
        guard outcome.size >= UInt32(MemoryLayout<triggerd_outcome>.size) else { return nil }
        let detail = String(outcome.detail)
        switch outcome.result {
        case TRIGGERD_ACCEPTED.rawValue: self = .accepted(id: detail)
        case TRIGGERD_TRY_AGAIN.rawValue:
            self = .tryAgain(after: Length(milliseconds: max(0, outcome.wait_ms)), reason: detail)
        case TRIGGERD_REFUSED.rawValue: self = .refused(reason: detail)
        case TRIGGERD_ADDRESS_DEAD.rawValue: self = .addressDead(address: String(outcome.address), reason: detail)
        default: return nil
        }
    }
}

/// The sends under way, each under an index and a generation: ending one twice is told from ending the next one.
final class SendTable: Sendable {
    private struct Slot {
        var generation: UInt32 = 1
        var ended: (@Sendable (ChannelOutcome) -> Void)?
    }

    private struct Slots {
        var all: [Slot] = []
        var free: [Int] = []
    }

    private let slots = Mutex(Slots())

    func begin(_ ended: @escaping @Sendable (ChannelOutcome) -> Void) -> UInt64 {
        slots.withLock { slots in
            let index = slots.free.popLast() ?? slots.all.count
            if index == slots.all.count { slots.all.append(Slot()) }
            slots.all[index].ended = ended
            return UInt64(slots.all[index].generation) << 32 | UInt64(index)
        }
    }

    /// Gives false where there is no such send, or it has ended.
    func end(_ send: UInt64, _ outcome: ChannelOutcome) -> Bool {
        let ended = slots.withLock { slots -> (@Sendable (ChannelOutcome) -> Void)? in
            let index = Int(send & 0xffff_ffff)
            guard slots.all.indices.contains(index), slots.all[index].generation == UInt32(send >> 32) else {
                return nil
            }
            defer {
                slots.all[index].ended = nil
                slots.all[index].generation &+= 1
                slots.free.append(index)
            }
            return slots.all[index].ended
        }
        ended?(outcome)
        return ended != nil
    }
}
