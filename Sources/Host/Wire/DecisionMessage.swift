import Core
import Engine
import Schema

extension Decision {
    /// With its front alone where it would take more than `most` bytes of a reply.
    func message(in arena: Arena, most: Int) -> UnsafeMutablePointer<Triggerd__V1__Decision> {
        guard replySize > most else { return message(in: arena) }
        var front = self
        front.why = why.cut(to: max(0, most - (replySize - why.replySize)))
        let message = front.message(in: arena)
        message.pointee.cut = 1
        return message
    }

    func message(in arena: Arena) -> UnsafeMutablePointer<Triggerd__V1__Decision> {
        let message = arena.make(triggerd__v1__decision__init)
        message.pointee.sequence = sequence
        message.pointee.at_ms = at.milliseconds
        message.pointee.user = arena.text(user)
        if let campaign { message.pointee.campaign = arena.text(campaign) }
        if let channel { message.pointee.channel = arena.text(channel) }
        message.pointee.decision = arena.text(code.rawValue)
        message.pointee.rule = arena.text(rule)
        if !why.isEmpty {
            message.pointee.n_why = why.members.count
            message.pointee.why = why.entries(in: arena, as: Triggerd__V1__Decision__WhyEntry.self)
        }
        if let next, next != .never {
            message.pointee.next_case = TRIGGERD__V1__DECISION__NEXT_NEXT_MS
            message.pointee.next_ms = next.milliseconds
        }
        message.pointee.send = send
        message.pointee.conversion = UInt32(conversion ?? 0)
        message.pointee.near_miss = nearMiss
        return message
    }
}

extension Presented {
    /// `isCut`: whether it is the front of what there is.
    func message(in arena: Arena, isCut: Bool = false) -> UnsafeMutablePointer<Triggerd__V1__Lease> {
        let message = arena.make(triggerd__v1__lease__init)
        message.pointee.token = token
        message.pointee.campaign = arena.text(campaign)
        message.pointee.channel = arena.text(channel)
        message.pointee.n_fields = fields.members.count
        message.pointee.fields = fields.entries(in: arena, as: Triggerd__V1__Lease__FieldsEntry.self)
        message.pointee.ends_ms = ends.milliseconds
        message.pointee.cut = isCut ? 1 : 0
        return message
    }
}
