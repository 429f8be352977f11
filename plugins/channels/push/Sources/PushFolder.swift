import Foundation
import HTTPClient
import PluginKit

/// Where no push service is set: every push is one JSON object, with its tokens and its fields, which a developer can
/// look at.
struct PushFolder: Sendable {
    private let folder: URL

    init(_ path: String) throws(PluginError) {
        folder = URL(filePath: path)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw PluginError("\(path) cannot be made: \(error.localizedDescription)")
        }
    }

    /// A push handed over twice has the same key, and so is one file.
    func write(_ message: Message) -> Outcome {
        var members = [
            Value.Member("key", .string(message.key)), Value.Member("campaign", .string(message.campaign)),
            Value.Member("user", .string(message.user)),
            Value.Member("tokens", .array(message.addresses.map { .string($0) })),
        ]
        let own = Set(members.map(\.name))
        members += message.fields.filter { !own.contains($0.name) }
        members.sort { $0.name < $1.name }
        do {
            let file = folder.appending(path: "\(message.key).json")
            try Data(JSONWriter.bytes(of: .object(members))).write(to: file, options: .atomic)
            return .accepted(id: "")
        } catch {
            return .tryAgain(after: 1_000, "it cannot be written: \(error.localizedDescription)")
        }
    }
}
