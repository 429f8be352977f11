import Engine
import PluginABI
import Synchronization

/// An occurrence of a campaign, as its plug-in compiled it.
final class CompiledOccurrence: @unchecked Sendable {
    // It is made and destroyed on any thread, as the contract says; events are matched on the engine's alone.
    let subjects: [Subject]
    private let type: UnsafePointer<triggerd_trigger_type>
    private let compiled: UnsafeMutableRawPointer
    private let calls: PluginCounters

    /// Throws the plug-in's reason.
    init(
        _ type: UnsafePointer<triggerd_trigger_type>,
        _ configuration: Object,
        calls: PluginCounters
    ) throws(FieldFault) {
        self.type = type
        self.calls = calls
        let tree = ValueTree(.object(configuration))
        var reason = ""
        let made = withReason(&reason) { why in
            withExtendedLifetime(tree) { type.pointee.compile(type.pointee.context, tree.root, why) }
        }
        guard let made else { throw FieldFault(text: reason) }
        compiled = made
        var found = [triggerd_subject](repeating: triggerd_subject(), count: 16)
        var count = type.pointee.subjects(made, &found, found.count)
        if count > found.count {
            found = [triggerd_subject](repeating: triggerd_subject(), count: count)
            count = min(found.count, type.pointee.subjects(made, &found, found.count))
        }
        // One that is named twice is listened to once: an event fires once (1.1.1).
        var known: Set<Subject> = []
        subjects = found.prefix(count).map { Subject($0) }.filter { known.insert($0).inserted }
    }

    deinit {
        type.pointee.destroy(compiled)
    }

    func matches(_ event: EventView) -> Bool {
        calls.count()
        return type.pointee.matches(compiled, event.pointer)
    }
}

/// What an occurrence names of the events that it listens for.
struct Subject: Hashable, Sendable {
    let eventType: String
    /// Empty: any.
    let subject: Text

    init(_ eventType: String, _ subject: Text) {
        self.eventType = eventType
        self.subject = subject
    }

    init(_ subject: triggerd_subject) {
        self.init(String(subject.event_type), Text(String(subject.subject)))
    }
}

/// Gives `body` room for a reason, and the reason that it wrote.
func withReason<Result>(_ reason: inout String, _ body: (UnsafeMutablePointer<triggerd_reason>) -> Result) -> Result {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: HostLimits.bytesOfReason) { buffer in
        var why = triggerd_reason(
            size: UInt32(MemoryLayout<triggerd_reason>.size),
            bytes: buffer.baseAddress,
            capacity: buffer.count,
            length: 0
        )
        let result = body(&why)
        reason = String(triggerd_text(bytes: buffer.baseAddress, length: min(why.length, buffer.count)))
        if reason.isEmpty { reason = "it gave no reason" }
        return result
    }
}

/// What a plug-in was asked and how often it failed.
final class PluginCounters: Sendable {
    private let asked = Atomic<UInt64>(0)
    private let failed = Atomic<UInt64>(0)

    var calls: UInt64 { asked.load(ordering: .relaxed) }
    var failures: UInt64 { failed.load(ordering: .relaxed) }

    func count() {
        asked.wrappingAdd(1, ordering: .relaxed)
    }

    func countFailure() {
        failed.wrappingAdd(1, ordering: .relaxed)
    }
}

/// An event as a plug-in sees it, for as long as it is matched.
struct EventView {
    fileprivate let pointer: UnsafePointer<triggerd_event>
}

extension Event {
    /// The strings are lent, not copied; properties are laid out only if a plug-in asks for them.
    func withView(_ body: (EventView) -> Void) {
        type.withText { type in
            subject.string.withText { subject in
                user.string.withText { user in
                    let before = before.map(ValueTree.init)
                    let after = after.map(ValueTree.init)
                    var lent = Lent(properties: properties)
                    withUnsafeMutablePointer(to: &lent) { lent in
                        var view = triggerd_event(
                            size: UInt32(MemoryLayout<triggerd_event>.size),
                            type: type,
                            subject: subject,
                            user: user,
                            time_ms: time.milliseconds,
                            received_ms: receivedAt.milliseconds,
                            before: before?.root,
                            after: after?.root,
                            properties: { event in
                                // An event that a plug-in made by itself has none.
                                guard let lent = event?.pointee.host else { return nil }
                                let place = UnsafeMutablePointer(
                                    mutating: lent.assumingMemoryBound(to: Lent.self)
                                )
                                return place.pointee.tree()
                            },
                            host: UnsafeRawPointer(lent)
                        )
                        withUnsafePointer(to: &view) { body(EventView(pointer: $0)) }
                    }
                    withExtendedLifetime((before, after)) {}
                }
            }
        }
    }
}

/// The properties that a view lends, laid out at the first call.
private struct Lent {
    let properties: Object
    private var laid: ValueTree?

    init(properties: Object) {
        self.properties = properties
    }

    mutating func tree() -> UnsafePointer<triggerd_value> {
        let tree = laid ?? ValueTree(.object(properties))
        laid = tree
        return tree.root
    }
}
