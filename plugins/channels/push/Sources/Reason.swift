/// What may be told of a service's answer: words that the service documents, and nothing that only looks like them. An
/// answer may repeat what it was sent, and so a secret.
enum Reason {
    /// firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode, and the codes of google.rpc.
    private static let ofFCM: Set = [
        "UNSPECIFIED_ERROR", "INVALID_ARGUMENT", "UNREGISTERED", "SENDER_ID_MISMATCH", "QUOTA_EXCEEDED", "UNAVAILABLE",
        "INTERNAL", "THIRD_PARTY_AUTH_ERROR", "CANCELLED", "UNKNOWN", "DEADLINE_EXCEEDED", "NOT_FOUND",
        "ALREADY_EXISTS", "PERMISSION_DENIED", "UNAUTHENTICATED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
        "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "DATA_LOSS",
    ]
    /// RFC 6749, 4.1.2.1 and 5.2, and what Google adds.
    private static let ofOAuth: Set = [
        "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
        "invalid_scope", "access_denied", "server_error", "temporarily_unavailable", "internal_failure",
        "admin_policy_enforced", "org_internal", "deleted_client", "disabled_client",
    ]
    /// Apple adds to its list; none of its words is longer, and a token is no word.
    private static let longestOfAPNs = 40
    private static let longestField = 64

    static func ofFCM(_ text: String?) -> String? { text.flatMap { ofFCM.contains($0) ? $0 : nil } }

    static func ofOAuth(_ text: String?) -> String? { text.flatMap { ofOAuth.contains($0) ? $0 : nil } }

    static func ofAPNs(_ text: String?) -> String? {
        guard let text, (1...longestOfAPNs).contains(text.utf8.count), text.utf8.allSatisfy(isLetter) else {
            return nil
        }
        return text
    }

    /// The path of a message's field, as `message.android.ttl` or `message.data[0].value`.
    static func field(_ text: String?) -> String? {
        guard let text, text.hasPrefix("message."), text.utf8.count <= longestField else { return nil }
        let isPath = text.utf8.allSatisfy { isLetter($0) || "._[]0123456789".utf8.contains($0) }
        return isPath ? text : nil
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
