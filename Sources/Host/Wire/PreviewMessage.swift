import Core
import Engine
import RPC
import Schema

/// What `Campaigns/Preview` was asked.
struct PreviewRequest: Sendable {
    var campaign: CampaignID?
    var file: (name: String, text: String)?
    var user: UserID
    var properties: Object
    var channel: String?
    var sendTo: String?

    init(_ message: Triggerd__V1__PreviewRequest) throws(Status) {
        func text(_ text: UnsafeMutablePointer<CChar>) -> String? {
            let text = String(cString: text)
            return text.isEmpty ? nil : text
        }
        campaign = text(message.campaign).map { Text($0) }
        file = message.file.map { (String(cString: $0.pointee.name), String(cString: $0.pointee.text)) }
        user = try message.user.asUser()
        properties = Object(message.properties, count: message.n_properties)
        channel = text(message.channel)
        sendTo = text(message.send_to)
    }
}

/// A campaign's messages as they would leave.
struct CampaignPreview: Sendable {
    var campaign: Campaign
    var version: CampaignVersion
    var isUserKnown: Bool
    var messages: [MessagePreview]
    var at: Instant

    /// The one that a test sends.
    func message(toSend channel: String?, rules: [String: ChannelRules]) throws(Status) -> MessagePreview {
        let sendable = messages.filter { rules[$0.channel]?.queues == false }
        guard let message = sendable.first else {
            throw .invalid("send_to", "\(campaign.id) has no message that could be sent: a session shows it")
        }
        guard sendable.count == 1 else {
            let known = sendable.map(\.channel).joined(separator: ", ")
            throw .invalid("channel", "name the one to send: \(campaign.id) sends by \(known)")
        }
        return message
    }

    func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__PreviewReply> {
        let reply = arena.make(triggerd__v1__preview_reply__init)
        reply.pointee.campaign = arena.text(campaign.id)
        reply.pointee.user_known = isUserKnown ? 1 : 0
        reply.pointee.n_messages = messages.count
        var room = ReplyRoom()
        reply.pointee.messages = arena.array(
            messages.map { preview in
                let message = preview.message(in: arena)
                if room.take(arena.size(of: message)) { return message }
                // An equal part of what is left; the others need not be cut.
                return preview.cut(to: room.left / messages.count, in: arena)
            }
        )
        return reply
    }
}

extension MessagePreview {
    fileprivate func cut(to bytes: Int, in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__PreviewedMessage> {
        var front = self
        if case .fields(let fields, _) = rendered { front.rendered = .fields(fields.cut(to: bytes)) }
        front.unreachable?.why = Object()
        let message = front.message(in: arena)
        message.pointee.cut = 1
        return message
    }

    fileprivate func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__PreviewedMessage> {
        let message = arena.make(triggerd__v1__previewed_message__init)
        message.pointee.channel = arena.text(channel)
        message.pointee.n_addresses = addresses.count
        message.pointee.addresses = arena.texts(addresses.map(\.string))
        if let unreachable {
            message.pointee.unreachable = arena.text(unreachable.code.rawValue)
            message.pointee.n_why = unreachable.why.members.count
            message.pointee.why = unreachable.why.entries(
                in: arena,
                as: Triggerd__V1__PreviewedMessage__WhyEntry.self
            )
        }
        switch rendered {
        case .fields(let fields, _):
            message.pointee.n_fields = fields.members.count
            message.pointee.fields = fields.entries(in: arena, as: Triggerd__V1__PreviewedMessage__FieldsEntry.self)
        case .aborted(let reason):
            message.pointee.decision = arena.text(Decision.Code.templateAborted.rawValue)
            message.pointee.reason = arena.text(reason)
        case .failed(let reason):
            message.pointee.decision = arena.text(Decision.Code.templateError.rawValue)
            message.pointee.reason = arena.text(reason)
        }
        return message
    }
}
