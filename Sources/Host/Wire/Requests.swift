import Core
import Engine
import RPC
import Schema

/// What every service does alike: unpack a call's payload, say what is wrong with it, pack what answers it.
extension Call {
    /// Runs `body` on the payload as a message; what it throws answers the call.
    func withRequest<Message>(
        _ asked: Request,
        _ type: Message.Type,
        _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>,
        _ body: (UnsafePointer<Message>, Arena) throws(Status) -> Void
    ) {
        do throws(Status) { try asked.read(type, descriptor, body) } catch { fail(error) }
    }

    /// Gives the engine's thread something to do; what it cannot take in answers the call, and so does a refusal.
    /// `bytes`: about what it takes in memory; `make`: the bytes of any other answer.
    func ask(
        _ queue: WorkQueue,
        _ work: Work,
        bytes: Int = 1_024,
        _ make: @escaping @Sendable (Answer, Arena) throws -> Payload
    ) {
        if let refusal = queue.put(work, bytes: bytes, for: self, make) { fail(refusal.status) }
    }
}

extension PayloadError {
    /// What does not decode is the caller's; 13 is for faults of the daemon's own.
    var status: Status {
        hasTooManyFields
            ? Status(.resourceExhausted, "the payload has more than \(SCHEMA_FIELDS_LIMIT) fields")
            : Status(.invalidArgument, "ttrpc: error unmarshalling payload: \(text)")
    }
}

extension Request {
    /// The payload's bytes, as long as `body` runs.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try payload.withUnsafeReadableBytes { bytes in
            Swift.Result { () throws(Failure) in try body(bytes) }
        }.get()
    }

    /// What `body` makes of the payload as a message.
    func read<Message, Value>(
        _ type: Message.Type,
        _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>,
        _ body: (UnsafePointer<Message>, Arena) throws(Status) -> Value
    ) throws(Status) -> Value {
        try Arena.use { arena throws(Status) in
            let message: UnsafePointer<Message>
            do throws(PayloadError) {
                message = try withBytes { bytes throws(PayloadError) -> UnsafePointer<Message> in
                    try arena.unpack(type, descriptor, bytes)
                }
            } catch {
                throw error.status
            }
            return try body(message, arena)
        }
    }
}

extension Arena {
    func answer<Message>(_ call: Call, _ message: UnsafeMutablePointer<Message>) -> Finished {
        (call, .success(payload(message)))
    }

    func payload<Message>(_ message: UnsafeMutablePointer<Message>) -> Payload {
        Payload(bytes: pack(UnsafePointer(message)))
    }
}

extension UnsafeMutablePointer<CChar> {
    /// The field `page` of a request; nil: the first.
    func asPage() throws(Status) -> UInt64? {
        let text = String(cString: self)
        if text.isEmpty { return nil }
        guard let page = UInt64(text) else { throw .invalid("page", "not a `next_page` of a reply") }
        return page
    }
}

extension Status {
    /// What is in nobody's power to ask again: somebody must mend the data folder.
    static func damaged(_ why: String) -> Status {
        Status(.dataLoss, "\(why): the record is damaged; restore the data folder from a copy, or delete the user")
    }

    static func invalid(_ field: String, _ why: String) -> Status {
        Status(.invalidArgument, "\(field): \(why)")
    }
}

extension Refusal {
    /// For a person.
    package var text: String { status.message }

    var status: Status {
        switch self {
        case .idUsedOtherwise(let item, let id):
            Status(.alreadyExists, "items[\(item)].id: \"\(id)\" was used for another item of this user")
        case .unknownCampaign(let id):
            Status(.notFound, "no campaign is called \"\(id.string.cut(to: HostLimits.quotedBytes))\"")
        case .leaseOver:
            Status(.failedPrecondition, "token: no such lease, or it is over: the message waits for the next session")
        case .invalidCampaigns(let problems):
            Status(
                .invalidArgument,
                problems.told.map(\.description).joined(separator: "\n"),
                details: problems.told.map(\.detail)
            )
        case .unavailable(let why): Status(.unavailable, "nothing can be written just now: \(why)")
        case .damaged(let why): .damaged(why)
        case .stillNamed(let why): Status(.failedPrecondition, why)
        case .full: Status(.resourceExhausted, "too much waits to be handled already: try again in a moment")
        case .profileFull(let item, let why): Status(.invalidArgument, "items[\(item)].set: \(why)")
        case .tooMuch(let why): Status(.resourceExhausted, why)
        case .draining: Status(.unavailable, "the daemon is shutting down")
        }
    }
}

extension Answer {
    /// Each kind of work has one kind of answer beside a refusal.
    func isUnexpected(of method: String) -> Never {
        preconditionFailure("\(method) was answered with \(self)")
    }
}

extension [CampaignProblem] {
    /// As many as an answer holds, and that there are more.
    fileprivate var told: [CampaignProblem] {
        var told = prefix(HostLimits.problemsTold).map(\.clipped)
        if told.count < count {
            told.append(
                CampaignProblem(field: "", "and more: \(HostLimits.problemsTold) are told at once")
            )
        }
        return told
    }
}

extension CampaignProblem {
    fileprivate var clipped: CampaignProblem {
        guard text.utf8.count > HostLimits.bytesOfProblem else { return self }
        var clipped = self
        clipped.text = String(decoding: text.utf8.prefix(HostLimits.bytesOfProblem), as: UTF8.self) + "..."
        return clipped
    }
}

extension CampaignProblem {
    var detail: Status.Detail {
        Arena.use { arena in
            let message = arena.make(triggerd__v1__campaign_problem__init)
            message.pointee.file = arena.text(file)
            message.pointee.line = UInt32(clamping: line)
            message.pointee.campaign = arena.text(campaign)
            message.pointee.field = arena.text(field)
            message.pointee.code = arena.text(code.rawValue)
            message.pointee.text = arena.text(text)
            message.pointee.rule = arena.text(rule ?? "")
            return Status.Detail(
                typeURL: "type.googleapis.com/triggerd.v1.CampaignProblem",
                value: arena.pack(UnsafePointer(message))
            )
        }
    }
}
