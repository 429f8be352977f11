import PluginABI

/// A way to a user: what a campaign writes as `channel:`, with fields of its own.
public protocol Channel: AnyObject, Sendable {
    static var name: String { get }
    static var presentation: Presentation { get }
    /// Sends that may be under way at once.
    static var concurrency: Int { get }
    static var messageFields: [Field] { get }
    static var settingFields: [Field] { get }
    /// The profile's field that holds the address (a string or a list), its state, the consent; nil: none is needed.
    static var addressField: String? { get }
    static var statusField: String? { get }
    static var consentField: String? { get }
    /// `settings` is an object that `settingFields` holds for, with `data_folder` beside it. Throws a `PluginError`.
    init(settings: Value) throws
    /// Begins to send and returns; `send` is ended exactly once, from any thread. Called from several threads.
    func send(_ message: Message, _ send: Send)
    /// Returns when every send that was begun has ended.
    func drain()
    func stop()
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
    /// Rendered, in the order of the campaign file.
    public let fields: [Value.Member]
    /// When the host answers for the channel, in milliseconds since 1970.
    public let deadline: Int64

    public init(
        key: String,
        campaign: String,
        user: String,
        addresses: [String],
        fields: [Value.Member],
        deadline: Int64
    ) {
        self.key = key
        self.campaign = campaign
        self.user = user
        self.addresses = addresses
        self.fields = fields
        self.deadline = deadline
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
            fields: UnsafeBufferPointer(start: message.fields, count: message.field_count).map(Value.Member.init),
            deadline: message.deadline_ms
        )
    }
}

/// What became of a message.
public enum Outcome: Hashable, Sendable {
    /// The provider has it; its id, where it gave one.
    case accepted(id: String)
    /// Not before so many milliseconds from now, and why.
    case tryAgain(after: Int64, String)
    /// For good, and why.
    case refused(String)
    /// For good: the address is of no use any more, and why.
    case addressDead(String, String)

    var parts: (result: UInt32, detail: String, address: String, wait: Int64) {
        switch self {
        case .accepted(let id): (TRIGGERD_ACCEPTED.rawValue, id, "", 0)
        case .tryAgain(let wait, let reason): (TRIGGERD_TRY_AGAIN.rawValue, reason, "", wait)
        case .refused(let reason): (TRIGGERD_REFUSED.rawValue, reason, "", 0)
        case .addressDead(let address, let reason): (TRIGGERD_ADDRESS_DEAD.rawValue, reason, address, 0)
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
    @discardableResult
    public func complete(_ outcome: Outcome) -> Bool {
        Host.complete(handle, outcome)
    }
}
