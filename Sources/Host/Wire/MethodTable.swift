import RPC

/// Every method of every door, with the role that it needs. A method that is not here does not start.
package enum MethodTable {
    private static let needs: [String: [String: Roles]] = [
        // A probe has no secret to tell: it learns whether the daemon serves, and nothing else.
        "Health": ["Check": []],
        "Events": ["Track": .ingest, "Stream": .ingest],
        "Inbox": ["Lease": .ingest, "Acknowledge": .ingest, "Hold": .ingest, "Watch": .ingest],
        "Decisions": ["Explain": .read, "List": .read, "Watch": .read],
        "Users": ["Get": .read, "Delete": .admin, "Export": .admin],
        "Campaigns": [
            "Apply": .admin, "Get": .admin, "List": .admin, "Stop": .admin, "Resume": .admin, "Delete": .admin,
            "Preview": .admin,
        ],
        "Outbox": ["ListFailed": .admin, "Redrive": .admin],
        "Plugins": ["List": .admin],
    ]

    /// Of a service with its package's name.
    package static func needs(_ service: String, _ method: String) -> Roles {
        guard let needs = needs[service.replacing("triggerd.v1.", with: "")]?[method] else {
            preconditionFailure("\(service)/\(method) has no role in MethodTable")
        }
        return needs
    }
}
