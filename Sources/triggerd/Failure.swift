import Core
import Engine
import Host
import RPC
import Schema

/// A call or an item was refused, or the daemon could not be reached: exit status 1. Says what, where, and what to do.
struct Failure: Error, CustomStringConvertible {
    let lines: [String]

    init(_ lines: String...) {
        self.lines = lines
    }

    init(lines: [String]) {
        self.lines = lines
    }

    /// What the daemon answered: each fault of a campaign has its line.
    init(_ status: Status) {
        let problems = status.details.compactMap(CampaignProblem.init(detail:))
        let cure =
            status.code == .unauthenticated ? ["--token-file FILE, or $TRIGGERD_TOKEN_FILE, names a token's file"] : []
        lines = problems.isEmpty ? [status.message] + cure : problems.map(\.description)
    }

    init(_ refusal: Refusal) {
        if case .invalidCampaigns(let problems) = refusal {
            lines = problems.map(\.description)
        } else {
            lines = [refusal.text]
        }
    }

    init(of error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let refusal as Refusal: self.init(refusal)
        default: self.init("\(error)")
        }
    }

    init(_ problems: PluginRegistry.Problems) {
        lines = ["plug-ins cannot be loaded:"] + problems.all.map(\.description)
    }

    /// Quotes what others wrote, each line for itself.
    var description: String { lines.map(Visible.line).joined(separator: "\n") }
}

extension CampaignProblem {
    /// Nil where a newer daemon says something else.
    fileprivate init?(detail: Status.Detail) {
        guard detail.typeURL.hasSuffix("/triggerd.v1.CampaignProblem") else { return nil }
        let read = detail.value.withUnsafeBytes { bytes in
            Arena.use { arena -> CampaignProblem? in
                let message = try? arena.unpack(
                    Triggerd__V1__CampaignProblem.self,
                    schema_campaign_problem(),
                    bytes
                ).pointee
                guard let message, let code = CampaignProblem.Code(rawValue: String(cString: message.code)) else {
                    return nil
                }
                let rule = String(cString: message.rule)
                return CampaignProblem(
                    code,
                    field: String(cString: message.field),
                    String(cString: message.text),
                    rule: rule.isEmpty ? nil : rule,
                    campaign: Text(String(cString: message.campaign)),
                    file: String(cString: message.file),
                    line: Int(message.line)
                )
            }
        }
        guard let read else { return nil }
        self = read
    }
}
