import PluginABI

/// A type of occurrence: what a campaign writes as `type:`, with keys of its own.
///
/// One value is made for each occurrence of a campaign, on any thread, several at once. `matches` runs on the host's
/// engine thread, which must not wait.
public protocol TriggerType {
    static var name: String { get }
    /// Its keys.
    static var fields: [Field] { get }
    /// `configuration` is an object that `fields` holds for. Throws a `PluginError` for a bad value.
    init(configuration: Value) throws
    /// What it listens to; the host asks about no other event.
    var subjects: [Subject] { get }
    /// Whether the event is this occurrence. `where` is the host's business.
    func matches(_ event: borrowing Event) -> Bool
}

/// An event's type, and its subject where the type has one: the name of a custom event, the product of a purchase.
public struct Subject: Hashable, Sendable {
    public let eventType: String
    /// Empty: all of the type.
    public let subject: String

    public init(_ eventType: String, _ subject: String = "") {
        self.eventType = eventType
        self.subject = subject
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.eventType == right.eventType && left.subject.hasSameBytes(as: right.subject)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(eventType)
        hasher.combineBytes(of: subject)
    }
}

/// What happened, for as long as `matches` runs.
public struct Event: ~Copyable {
    private let event: UnsafePointer<triggerd_event>

    init(_ event: UnsafePointer<triggerd_event>) {
        self.event = event
    }

    public var type: String { String(event.pointee.type) }
    public var subject: String { String(event.pointee.subject) }
    public var user: String { String(event.pointee.user) }
    /// When it happened, in milliseconds since 1970.
    public var time: Int64 { event.pointee.time_ms }
    /// When the engine took it, in milliseconds since 1970.
    public var receivedAt: Int64 { event.pointee.received_ms }
    /// What changed, as it was and as it is; nil where nothing was known, or nothing is left.
    public var before: Value? { event.pointee.before.map { Value($0.pointee) } }
    public var after: Value? { event.pointee.after.map { Value($0.pointee) } }
    /// An object: the event's properties, its own fields among them.
    public var properties: Value { Value(event.pointee.properties(event)) }

    /// Whether the subject is this; nothing is copied.
    public func hasSubject(_ text: String) -> Bool {
        let subject = event.pointee.subject
        return text.utf8.count == subject.length
            && UnsafeBufferPointer(start: subject.bytes, count: subject.length)
                .elementsEqual(text.utf8.lazy.map { CChar(bitPattern: $0) })
    }
}
