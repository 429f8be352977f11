import Engine
import Host
import Schema

/// What is known of a user, as a reply carries it.
struct ReadUser {
    private(set) var json: Object
    private let nextPage: String

    /// Throws a `Status` where nobody is called so.
    static func get(_ user: String, _ connection: DaemonConnection) async throws -> ReadUser {
        var read = try await page("", of: user, connection)
        var next = read.nextPage
        while !next.isEmpty {
            let more = try await page(next, of: user, connection)
            read.append(more)
            next = more.nextPage
        }
        return read
    }

    private static func page(
        _ page: String,
        of user: String,
        _ connection: DaemonConnection
    ) async throws -> ReadUser {
        let request = packed(triggerd__v1__get_user_request__init) { request, arena in
            request.pointee.user = arena.text(user)
            request.pointee.page = arena.text(page)
        }
        return try await connection.call(
            "Users",
            "Get",
            request,
            Triggerd__V1__User.self,
            schema_user()
        ) { ReadUser($0) }
    }

    private mutating func append(_ more: ReadUser) {
        for member in more.json.members {
            switch (json[member.name], member.value) {
            case (.object(let known)?, .object(let added)):
                json[member.name] = .object(Object(known.members + added.members))
            case (.array(let known)?, .array(let added)): json[member.name] = .array(known + added)
            default: continue
            }
        }
    }

    private init(_ message: UnsafePointer<Triggerd__V1__User>) {
        let user = message.pointee
        nextPage = String(cString: user.next_page)
        var json: Object = [
            "user": .string(String(cString: user.user)),
            "profile": .object(Object(user.profile, count: user.n_profile)),
        ]
        json["last_session"] = Self.instant(user.last_session_case, user.last_session_ms)
        json["waiting"] = .array(
            elements(user.n_waiting, user.waiting).map { wait in
                [
                    "campaign": .string(String(cString: wait.pointee.campaign)),
                    "version": .integer(Int64(wait.pointee.version)), "send": .string(String(wait.pointee.send)),
                    "trigger": Self.instant(wait.pointee.trigger_ms), "due": Self.instant(wait.pointee.due_ms),
                ]
            }.map(Value.object)
        )
        json["queue"] = .array(
            elements(user.n_queue, user.queue).map { queued in
                var object: Object = [
                    "campaign": .string(String(cString: queued.pointee.campaign)),
                    "channel": .string(String(cString: queued.pointee.channel)),
                    "send": .string(String(queued.pointee.send)),
                    "available": Self.instant(queued.pointee.available_ms),
                ]
                object["expires"] = Self.instant(queued.pointee.expires_case, queued.pointee.expires_ms)
                object["leased_until"] = Self.instant(queued.pointee.lease_case, queued.pointee.leased_until_ms)
                return .object(object)
            }
        )
        json["receipts"] = .array(
            elements(user.n_receipts, user.receipts).map { receipt in
                .object([
                    "campaign": .string(String(cString: receipt.pointee.campaign)),
                    "at": Self.instant(receipt.pointee.at_ms),
                ])
            }
        )
        self.json = json
    }

    /// The profile, a line each; then what waits, is queued and was received.
    var lines: [String] {
        var lines = [json["user"]?.plain ?? ""]
        if case .object(let profile)? = json["profile"] {
            lines += profile.members.map { "  \($0.name): \($0.value.plain)" }
        }
        if let last = json["last_session"] { lines.append("last session \(last.plain)") }
        for (name, word) in [("waiting", "waits"), ("queue", "queued"), ("receipts", "received")] {
            guard case .array(let elements)? = json[name] else { continue }  // Left out where there are none.
            for case .object(let element) in elements {
                let rest = element.members.dropFirst().map { "\($0.name) \($0.value.plain)" }
                lines.append("\(word): \(element["campaign"]?.plain ?? "")  \(rest.joined(separator: ", "))")
            }
        }
        return lines
    }

    private static func instant(_ milliseconds: Int64) -> Value {
        .string(Instant(milliseconds: milliseconds).description)
    }

    /// Nil where the field is not set.
    private static func instant<Presence: RawRepresentable>(
        _ presence: Presence,
        _ milliseconds: Int64
    ) -> Value? where Presence.RawValue == UInt32 {
        presence.rawValue == 0 ? nil : instant(milliseconds)
    }
}
