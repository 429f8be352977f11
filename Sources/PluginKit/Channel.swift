import PluginABI

/// A way to a user: what a campaign writes as `channel:`, with fields of its own.
public protocol Channel: AnyObject, Sendable {
    static var name: String { get }
    static var presentation: Presentation { get }
    /// Sends that may be under way at once, to each of several providers.
    static var concurrency: Int { get }
    static var messageFields: [Field] { get }
    static var settingFields: [Field] { get }
    /// The profile's field that holds the address (a string or a list), its state, the consent; nil: none is needed.
    static var addressField: String? { get }
    static var statusField: String? { get }
    static var consentField: String? { get }
    /// What is done where nobody knows whether the provider has a message; `sendAgain` if not said.
    static var unknownPolicy: UnknownPolicy { get }
    /// Names that templates may print and that the channel fills in itself: `{{ name }}` comes to it as `{{name}}`. None,
    /// if not said.
    static var filledNames: [String] { get }
    /// How long a send may take before the host answers for it, up to an hour; 60 s if not said.
    static var deadlineSeconds: Int { get }
    /// When a campaign is applied: throws a `PluginError` where these fields, an object that `messageFields` holds for,
    /// can never be sent. Templates stand in them as they are written. All can, if not said.
    static func check(_ fields: Value) throws
    /// `settings` is an object that `settingFields` holds for, with `data_folder` beside it. Throws a `PluginError`.
    init(settings: Value) throws
    /// Whether several providers may stand behind the channel; false, if not said.
    static var hasServices: Bool { get }
    /// With `hasServices`: which of them a message is for. Each has a pace of its own, so that one that
    /// hangs or wants fewer holds up no other. Empty: it is for one that has no name. Must not block.
    func service(of message: Message) -> String
    /// Begins to send and returns; `send` is ended exactly once, from any thread. Called from several threads.
    func send(_ message: Message, _ send: Send)
    /// Returns when every send that was begun has ended.
    func drain()
    func stop()
}

extension Channel {
    public static var unknownPolicy: UnknownPolicy { .sendAgain }
    public static var deadlineSeconds: Int { 60 }
    public static var filledNames: [String] { [] }
    public static func check(_ fields: Value) throws {}
    public static var hasServices: Bool { false }
    public func service(of message: Message) -> String { "" }
}

/// After a crash, a deadline, or `Outcome.unknown`. An operator may choose otherwise.
public enum UnknownPolicy: Sendable {
    /// With the same key.
    case sendAgain
    /// With the same key, a few times, with growing pauses; then it is set aside. For a provider that does not know
    /// keys.
    case aFewTimes
    /// It is set aside as failed.
    case neverAgain
}

public enum Presentation: Sendable {
    /// Handed to `send` when it is due.
    case atOnce
    /// Queued until the user's next session, which carries it; `send` is not called.
    case nextSession
}

/// One message to one user.
public struct Message: Sendable {
    /// The same for every try of this message, and for no other one.
    public let key: String
    public let campaign: String
    public let user: String
    public let addresses: [String]
    /// Since when the user has each of them, at the latest, in milliseconds since 1970; 0 where nobody knows. Empty: of
    /// none of them.
    public let addressesSince: [Int64]
    /// Rendered, in the order of the campaign file.
    public let fields: [Value.Member]
    /// When the host answers for the channel, in milliseconds since 1970.
    public let deadline: Int64
    /// 1 for the first try.
    public let attempt: Int
    /// When the event happened that triggered the campaign, in milliseconds since 1970; the same for every try.
    public let eventTime: Int64
    /// Of the fields with `Field.Flags.url` that a template made a part of: how many bytes at their beginning the
    /// campaign wrote itself. What follows came from an event or a profile.
    public let leads: [String: Int]
    /// An earlier message ended with the cause `doubted`, before a start of the host perhaps, and its provider has
    /// accepted nothing since.
    public let isInDoubt: Bool

    public init(
        key: String,
        campaign: String,
        user: String,
        addresses: [String],
        addressesSince: [Int64] = [],
        fields: [Value.Member],
        deadline: Int64,
        attempt: Int = 1,
        eventTime: Int64 = 0,
        leads: [String: Int] = [:],
        isInDoubt: Bool = false
    ) {
        self.key = key
        self.campaign = campaign
        self.user = user
        self.addresses = addresses
        self.addressesSince = addressesSince
        self.fields = fields
        self.deadline = deadline
        self.attempt = attempt
        self.eventTime = eventTime
        self.leads = leads
        self.isInDoubt = isInDoubt
    }

    public subscript(field: String) -> Value? {
        fields.last { $0.name == field }?.value
    }

    /// A field that is a string.
    public func text(_ field: String) -> String? {
        self[field]?.string
    }
}

extension Message {
    init(_ message: UnsafePointer<triggerd_message>) {
        let message = message.pointee
        self.init(
            key: String(message.key),
            campaign: String(message.campaign),
            user: String(message.user),
            addresses: UnsafeBufferPointer(start: message.addresses, count: message.address_count).map { String($0) },
            addressesSince: Array(
                UnsafeBufferPointer(
                    start: message.addresses_since_ms,
                    count: message.addresses_since_ms == nil ? 0 : message.address_count
                )
            ),
            fields: UnsafeBufferPointer(start: message.fields, count: message.field_count).map(Value.Member.init),
            deadline: message.deadline_ms,
            attempt: Int(message.attempt),
            eventTime: message.event_ms,
            leads: Dictionary(
                UnsafeBufferPointer(start: message.leads, count: message.lead_count).map {
                    (String($0.field), Int(clamping: $0.bytes))
                }
            ) { min($0, $1) },
            isInDoubt: message.is_in_doubt
        )
    }
}

/// What became of a message.
public enum Outcome: Hashable, Sendable {
    /// The provider has it; its id, where it gave one.
    case accepted(id: String)
    /// Not before so many milliseconds from now: what the provider asked for, else 0; the host spaces tries out by
    /// itself. With the reason, and whom it concerns.
    case tryAgain(after: Int64, String, cause: Cause = .message)
    /// For good, and why.
    case refused(String)
    /// For good: the address is of no use any more, and why.
    case addressDead(String, String)
    /// The provider may have it or not, and why nobody knows: the channel's `unknownPolicy` decides. `unavailable` where
    /// it answers nothing, so that others would wait as long.
    case unknown(String, cause: Cause = .message)

    public enum Cause: UInt32, Hashable, Sendable {
        /// This message alone.
        case message = 0
        /// The provider wants fewer at a time.
        case throttled
        /// It takes nothing: the channel's other messages wait too.
        case unavailable
        /// An address was called dead, as too many were before, and is not believed dead: the message waits aside, the
        /// others go on with care.
        case doubted
    }

    var parts: (result: UInt32, detail: String, address: String, wait: Int64, cause: UInt32) {
        switch self {
        case .accepted(let id): (TRIGGERD_ACCEPTED.rawValue, id, "", 0, 0)
        case .tryAgain(let wait, let reason, let cause):
            (TRIGGERD_TRY_AGAIN.rawValue, reason, "", wait, cause.rawValue)
        case .refused(let reason): (TRIGGERD_REFUSED.rawValue, reason, "", 0, 0)
        case .addressDead(let address, let reason): (TRIGGERD_ADDRESS_DEAD.rawValue, reason, address, 0, 0)
        case .unknown(let reason, let cause): (TRIGGERD_UNKNOWN.rawValue, reason, "", 0, cause.rawValue)
        }
    }
}

/// A send under way.
public struct Send: Hashable, Sendable {
    private let handle: UInt64

    init(handle: UInt64) {
        self.handle = handle
    }

    /// Ends it. Gives false where it was ended before, by the channel or by the host at the message's deadline.
    /// - Parameters:
    ///   - service: which of several providers behind the channel the outcome is of; empty where there is one.
    ///   - deadAddresses: those of the message's that are of no use any more, whatever the outcome.
    @discardableResult
    public func complete(_ outcome: Outcome, service: String = "", deadAddresses: [String] = []) -> Bool {
        Host.complete(handle, outcome, service, deadAddresses)
    }
}
