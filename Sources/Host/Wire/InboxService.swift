import Core
import Engine
import RPC
import Schema

/// `triggerd.v1.Inbox`: one in-app message at a time, leased to one client (9.11).
struct InboxService {
    let queue: WorkQueue
    let feed: DecisionFeed
    let clock: Clock

    var service: Service {
        Service(
            "triggerd.v1.Inbox",
            methods: [
                "Lease": { self.lease($0, $1) }, "Acknowledge": { self.acknowledge($0, $1) },
                "Hold": { self.hold($0, $1) },
            ],
            streams: ["Watch": .server { self.watch($0, $1) }]
        )
    }

    private func watch(_ stream: ServerStream, _ asked: Request) {
        stream.call.withRequest(asked, Triggerd__V1__WatchInboxRequest.self, schema_watch_inbox_request()) {
            request,
            _ throws(Status) in
            let user = try request.pointee.user.asUser()
            InboxWatch(stream, self, user, device: try Self.device(request.pointee.device)).begin()
        }
    }

    private static func device(_ text: UnsafePointer<CChar>) throws(Status) -> Text {
        let device = Text(cString: text)
        guard device.utf8.count <= Item.longestID else {
            throw .invalid("device", "longer than \(Item.longestID) bytes")
        }
        return device
    }

    private func lease(_ call: Call, _ asked: Request) {
        call.withRequest(asked, Triggerd__V1__LeaseRequest.self, schema_lease_request()) { request, _ throws(Status) in
            let user = try request.pointee.user.asUser()
            let device = try Self.device(request.pointee.device)
            call.ask(
                queue,
                .lease(user, device: device)
            ) { answer, arena in
                guard case .presented(let presented) = answer else { answer.isUnexpected(of: "Lease") }
                let reply = arena.make(triggerd__v1__lease_reply__init)
                if let presented { reply.pointee.message = presented.message(in: arena) }
                return arena.payload(reply)
            }
        }
    }

    private func acknowledge(_ call: Call, _ asked: Request) {
        call.withRequest(asked, Triggerd__V1__AcknowledgeRequest.self, schema_acknowledge_request()) {
            request,
            _ throws(Status) in
            let user = try request.pointee.user.asUser()
            guard request.pointee.token != 0 else { throw .invalid("token", "is missing") }
            let action: String?
            switch String(cString: request.pointee.action) {
            case "", "viewed": action = nil
            case "clicked": action = "in_app_clicked"
            case "dismissed": action = "in_app_dismissed"
            case let other: throw .invalid("action", "\"\(other)\" is none of viewed, clicked, dismissed")
            }
            call.ask(
                queue,
                .acknowledge(user, token: request.pointee.token, action: action)
            ) { answer, arena in
                guard case .recorded = answer else { answer.isUnexpected(of: "Acknowledge") }
                return arena.payload(arena.make(triggerd__v1__acknowledge_reply__init))
            }
        }
    }
}

extension InboxService {
    private func hold(_ call: Call, _ asked: Request) {
        call.withRequest(asked, Triggerd__V1__HoldRequest.self, schema_hold_request()) { request, _ throws(Status) in
            let user = try request.pointee.user.asUser()
            guard request.pointee.token != 0 else { throw .invalid("token", "is missing") }
            guard (0...WireLimits.longestHold.milliseconds).contains(request.pointee.for_ms) else {
                throw .invalid("for_ms", "is not within 0 and \(WireLimits.longestHold)")
            }
            let length = Length(milliseconds: request.pointee.for_ms)
            call.ask(
                queue,
                .hold(user, token: request.pointee.token, length)
            ) { answer, arena in
                guard case .recorded = answer else { answer.isUnexpected(of: "Hold") }
                return arena.payload(arena.make(triggerd__v1__hold_reply__init))
            }
        }
    }
}

extension UnsafeMutablePointer<CChar> {
    /// The field `user` of a request.
    func asUser() throws(Status) -> UserID {
        let user = Text(cString: self)
        guard !user.isEmpty else { throw .invalid("user", "is empty") }
        guard user.utf8.count <= Item.longestID else { throw .invalid("user", "longer than \(Item.longestID) bytes") }
        return user
    }
}
