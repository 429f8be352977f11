import ArgumentParser
import Engine
import Host
import Schema

struct Preview: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show each message of a campaign as it would leave now, or send one as a test.",
        discussion: """
            The campaign is one that is applied, or a file, which need not be. The profile is the user's of this moment. \
            Nothing is recorded, and nothing is sent but with --send-to: then one message goes to that address instead of \
            the user's; of a channel that asks no user for one, like webhook, instead of the message's url. A channel \
            that has neither refuses it.

            Exit status: 0 every message rendered, and the test was accepted; 1 one did not, or was not.

            EXAMPLES
              triggerd preview abandoned-cart --user u1 --event '{"item": "Lamp"}'
              triggerd preview draft.yaml --user u1 --channel email
              triggerd preview draft.yaml --user u1 --send-to me@example.com
              triggerd preview hook.yaml --user u1 --send-to http://localhost:8080/hook
              triggerd preview draft.yaml --user u1 --json | jq -r .fields.html
            """
    )

    @OptionGroup var daemon: DaemonOption
    @Argument(
        help: ArgumentHelp(
            "A campaign's id, or a file (.yaml, .yml, .json); - is standard input.",
            valueName: "campaign"
        ),
        completion: .file()
    ) var source: String
    @Option(help: "Of a file with several campaigns, which.") var campaign: String?
    @Option(help: "The user; one that nobody knows has an empty profile.") var user: String
    @Option(help: ArgumentHelp("The properties of the event that would trigger, a JSON object.", valueName: "json"))
    var event: String?
    @Option(help: "Only the message to this channel.") var channel: String?
    @Option(help: ArgumentHelp("Send one message to this address, as a test.", valueName: "address")) var sendTo:
        String?
    @Flag(help: "One JSON object a message, and one for a test.") var json = false

    private var isFile: Bool {
        source == "-" || Folder.isCampaignFile(source)
    }

    func validate() throws {
        if campaign != nil, !isFile { throw ValidationError("--campaign says which campaign of a file") }
        if let event { _ = try Self.properties(event) }
    }

    private static func properties(_ text: String) throws -> Object {
        let value: Value
        do throws(JSONProblem) {
            value = try JSONText.value(of: text)
        } catch {
            throw ValidationError("--event: \(error.text(of: text)); write a JSON object, like '{\"item\": \"Lamp\"}'")
        }
        guard case .object(let properties) = value else {
            throw ValidationError("--event \(text): write a JSON object, like '{\"item\": \"Lamp\"}'")
        }
        if let place = ZeroByte.place(in: properties) { throw ValidationError("--event: \(place): \(ZeroByte.why)") }
        return properties
    }

    func run() async throws {
        let properties = try event.map(Self.properties) ?? Object()
        let text = isFile ? try InputFile.text(source) : nil
        let preview = try await daemon.withConnection { connection in
            let request = packed(triggerd__v1__preview_request__init) { request, arena in
                request.pointee.campaign = arena.text(isFile ? campaign ?? "" : source)
                if let text {
                    let file = arena.make(triggerd__v1__campaign_file__init)
                    file.pointee.name = arena.text(source == "-" ? "standard input" : source)
                    file.pointee.text = arena.text(text)
                    request.pointee.file = file
                }
                request.pointee.user = arena.text(user)
                request.pointee.n_properties = properties.members.count
                request.pointee.properties = properties.entries(
                    in: arena,
                    as: Triggerd__V1__PreviewRequest__PropertiesEntry.self
                )
                request.pointee.channel = arena.text(channel ?? "")
                request.pointee.send_to = arena.text(sendTo ?? "")
            }
            return try await connection.call(
                "Campaigns",
                "Preview",
                request,
                Triggerd__V1__PreviewReply.self,
                schema_preview_reply()
            ) { ReadPreview($0) }
        }
        if json {
            for message in preview.messages { Output.json(message.json) }
            if let test = preview.test { Output.json(test.json) }
        } else {
            Output.lines(preview.lines(user: user))
            if sendTo != nil, preview.test == nil { Output.line("nothing was sent: the message did not render") }
        }
        guard preview.messages.allSatisfy({ $0.decision.isEmpty }), preview.test?.accepted ?? (sendTo == nil) else {
            throw ExitCode(1)
        }
    }
}
