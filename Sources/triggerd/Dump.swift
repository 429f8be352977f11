import ArgumentParser
import Host
import Storage
import StorageRocksDB

struct Dump: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the records of a data folder as JSON lines.",
        discussion: """
            The daemon may be running: what it has committed by now is shown.

            EXAMPLES
              triggerd dump ./data
              triggerd dump ./data --kind users | jq 'select(.user == "u1")'
            """
    )

    @Argument(help: "The data folder.", completion: .directory) var data: String
    @Option(help: "Only records of this kind: \(Family.ofRecords.map(\.name).joined(separator: ", ")).")
    var kind: Family?

    func run() throws {
        do {
            Descriptors.raiseToMost()  // All tables are open at once.
            let store = try RocksDBStore(reading: data)
            defer { store.close() }
            for kind in kind.map({ [$0] }) ?? Family.ofRecords {
                try store.dump(kind) { record in
                    Output.json(record.json)
                    return Output.isRead
                }
            }
        } catch let error as StoreError {
            throw Failure("\(data): \(error)")
        }
    }
}

extension Family: ExpressibleByArgument {
    public init?(argument: String) {
        guard let family = Self.ofRecords.first(where: { $0.name == argument }) else { return nil }
        self = family
    }

    public static var allValueStrings: [String] { ofRecords.map(\.name) }
}
