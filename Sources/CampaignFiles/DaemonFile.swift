import Engine

/// The daemon's configuration file, as it is written: what its words mean is told where they are used.
package struct DaemonFile: Sendable {
    /// A way in, of `listen`.
    package struct Door: Sendable {
        /// `unix:PATH`, `tcp://HOST:PORT` or `tls://HOST:PORT`.
        package var address: String
        package var mode: String?
        package var owner: String?
        package var group: String?
        package var roles: [String]?
        package var allowed: [Allowed] = []
        package var certificates: [(certificate: String, key: String)] = []
        package var clientAuthorities: String?
        package var requiresClientCertificate = false

        package init(address: String) {
            self.address = address
        }
    }

    /// Somebody who may come in.
    package struct Allowed: Sendable {
        package enum Who: String, CaseIterable, Sendable {
            case user, group, certificate
            case tokenFile = "token_file"
        }

        package var who: Who
        package var name: String
        /// Nil: those of the door.
        package var roles: [String]?

        package init(_ who: Who, _ name: String, roles: [String]?) {
            (self.who, self.name, self.roles) = (who, name, roles)
        }
    }

    package var doors: [Door] = []
    /// Of `limits`, each with its text.
    package var limits: [(name: String, text: String)] = []

    package init() {}
}

extension CampaignReader {
    /// One that knows no plug-ins: a configuration names none.
    package static let ofConfiguration = CampaignReader(
        triggerTypes: [:],
        channels: [:],
        zone: { _ in nil },
        pattern: { _ throws(PatternFault) in throw PatternFault(text: "a configuration has no patterns") }
    )

    /// What a configuration file says, or everything that is wrong with its form. `limits`: the names that these have.
    package func readConfiguration(
        file: String,
        text: String,
        limits: [String]
    ) -> Result<DaemonFile, CampaignProblems> {
        var reading = CampaignReading(reader: self, file: file)
        var read = DaemonFile()
        let (documents, fault) = NodeComposer.documents(text, atMost: FileLimits.campaignBytes)
        if let fault {
            reading.problem(fault.text, at: fault.mark, "")
        } else if documents.count > 1 {
            reading.problem("a second document: a configuration is one", at: documents[1].mark, "")
        } else if let document = documents.first,
            let keys = reading.keys(document, "", known: ["listen", "limits"], required: [])
        {
            read.doors = reading.elements(keys, "listen", "listen").compactMap { reading.door($1, $0) }
            if let node = keys["limits"], let found = reading.keys(node, "limits", known: limits, required: []) {
                for (name, value) in found.sorted(by: { $0.key < $1.key }) {
                    if let text = reading.text(value, "limits.\(name)") { read.limits.append((name, text)) }
                }
            }
        }
        return reading.problems.isEmpty ? .success(read) : .failure(CampaignProblems(reading.problems))
    }
}

extension CampaignReading {
    fileprivate mutating func door(_ node: Node, _ path: String) -> DaemonFile.Door? {
        let known = [
            "address", "mode", "owner", "group", "roles", "allow", "certificates", "client_ca", "client_certificates",
        ]
        guard let keys = keys(node, path, known: known, required: ["address"]),
            let address = word(keys, "address", path)
        else { return nil }
        var door = DaemonFile.Door(address: address)
        (door.mode, door.owner) = (word(keys, "mode", path), word(keys, "owner", path))
        (door.group, door.clientAuthorities) = (word(keys, "group", path), word(keys, "client_ca", path))
        if let node = keys["client_certificates"] {
            let word = choice(node, "\(path).client_certificates", ["optional", "required"])
            door.requiresClientCertificate = word == "required"
        }
        door.roles = roles(keys, path)
        door.allowed = elements(keys, "allow", "\(path).allow").compactMap { allowed($1, $0) }
        for (path, node) in elements(keys, "certificates", "\(path).certificates") {
            let names = ["certificate", "key"]
            guard let keys = self.keys(node, path, known: names, required: names) else { continue }
            if let certificate = word(keys, "certificate", path), let key = word(keys, "key", path) {
                door.certificates.append((certificate, key))
            }
        }
        return door
    }

    private mutating func allowed(_ node: Node, _ path: String) -> DaemonFile.Allowed? {
        let kinds = DaemonFile.Allowed.Who.allCases
        guard let keys = keys(node, path, known: kinds.map(\.rawValue) + ["roles"], required: []) else { return nil }
        let named = kinds.filter { keys[$0.rawValue] != nil }
        guard let who = named.first, named.count == 1 else {
            problem(
                "one of \(kinds.map { "`\($0.rawValue)`" }.joined(separator: ", ")) is required",
                at: node.mark,
                path
            )
            return nil
        }
        guard let name = word(keys, who.rawValue, path) else { return nil }
        return DaemonFile.Allowed(who, name, roles: roles(keys, path))
    }

    private mutating func roles(_ keys: [String: Node], _ path: String) -> [String]? {
        guard keys["roles"] != nil else { return nil }
        return elements(keys, "roles", "\(path).roles").compactMap { choice($1, $0, ["ingest", "read", "admin"]) }
    }

    private mutating func word(_ keys: [String: Node], _ name: String, _ path: String) -> String? {
        guard let node = keys[name] else { return nil }
        return text(node, "\(path).\(name)")
    }
}
