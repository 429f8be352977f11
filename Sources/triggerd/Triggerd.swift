import ArgumentParser
import Core
import Glibc

@main
struct Triggerd: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "triggerd",
        abstract: "Sends the right message after something happened.",
        discussion: """
            `triggerd serve` is the daemon; the other commands talk to it over its socket: --socket PATH, else \
            $TRIGGERD_SOCKET, else the default one. `simulate` and `dump` need no daemon.

            Exit status: 0 done; 1 it failed: an item or a call was refused, a file could not be read, the daemon did \
            not answer; 2 the command line was wrong.

            EXAMPLES
              triggerd serve --data ./data --campaigns ./campaigns
              triggerd apply abandoned-cart.yaml
              triggerd track --user u1 --event add_to_cart --property cart_value=150
              triggerd explain u1 abandoned-cart
              triggerd watch --campaign abandoned-cart
              triggerd users get u1
              triggerd simulate scenarios/
            """,
        version: version,
        subcommands: [
            Serve.self, Apply.self, Campaigns.self, Stop.self, Resume.self, Track.self, Inbox.self, Explain.self,
            Watch.self,
            Users.self, Failed.self, RedriveCommand.self, Simulate.self, Preview.self, Plugins.self, Health.self,
            Dump.self,
        ]
    )

    static func main() async {
        Descriptors.openStandard()
        // A reader that left is an error with a status of its own, in every command.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            leave(0)
        } catch {
            let code = exitCode(for: error)
            let message = shown(fullMessage(for: error))
            if code == .success {
                print(message)
            } else if !message.isEmpty {
                Output.raw(message + "\n")
            }
            leave(code == .validationFailure ? 2 : code.rawValue)
        }
    }

    private static func leave(_ status: Int32) -> Never {
        if let fault = Output.end() {
            Output.complain("Error: not everything could be printed: \(fault)")
            Glibc.exit(1)
        }
        Glibc.exit(status)
    }

    /// The argument parser quotes arguments as they are.
    private static func shown(_ message: String) -> String {
        var message = message
        for argument in CommandLine.arguments.dropFirst() {
            let value = argument.hasPrefix("-") ? argument.drop { $0 != "=" }.dropFirst() : argument[...]
            for part in [argument, String(value)] where !part.isEmpty && Visible.quoted(part) != part {
                message.replace(part, with: Visible.quoted(part))
            }
        }
        return message.split(separator: "\n", omittingEmptySubsequences: false).map { Visible.line(String($0)) }
            .joined(separator: "\n")
    }
}
