import ArgumentParser
import Foundation

@main
struct Triggerd: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "triggerd",
        abstract: "Sends the right message after something happened.",
        discussion: """
            `triggerd serve` is the daemon; the other commands talk to it over its socket: --socket PATH, else \
            $TRIGGERD_SOCKET, else the default one. `simulate` and `dump` need no daemon.

            Exit status: 0 done, 1 an item or a call was refused, 2 the command line was wrong.

            EXAMPLES
              triggerd serve --data ./data --campaigns ./campaigns
              triggerd apply abandoned-cart.yaml
              triggerd track --user u1 --event add_to_cart --property cart_value=150
              triggerd explain u1 abandoned-cart
              triggerd simulate scenarios/
            """,
        version: version,
        subcommands: [
            Serve.self, Apply.self, Campaigns.self, Stop.self, Resume.self, Track.self, Inbox.self, Explain.self,
            Failed.self, RedriveCommand.self, Simulate.self, Preview.self, Plugins.self, Health.self, Dump.self,
        ]
    )

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            let code = exitCode(for: error)
            let message = fullMessage(for: error)
            if code == .success {
                print(message)
            } else if !message.isEmpty {
                FileHandle.standardError.write(Data((message + "\n").utf8))
            }
            Foundation.exit(code == .validationFailure ? 2 : code.rawValue)
        }
    }
}

/// A call or an item was refused, or the daemon could not be reached: exit status 1.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
