import Engine
import PluginABI
import Storage

/// A channel that was started. What it ends, it ends once.
package final class ChannelInstance: @unchecked Sendable {
    // The plug-in keeps its own threads in order; nothing here changes after `init`.
    let name: String
    let line: LineSettings
    private let table: UnsafePointer<triggerd_channel>
    private let instance: UnsafeMutableRawPointer
    private let calls: PluginCounters
    private let secrets = Secrets()

    /// Throws the channel's reason, or what is wrong with the settings.
    package init(
        _ channel: PluginRegistry.RegisteredChannel,
        settings: Object,
        dataFolder: String
    ) throws(PluginRegistry.Problem) {
        name = String(channel.table.pointee.name)
        table = channel.table
        calls = channel.calls
        var settings = settings
        let faults = FieldSchema.faults(of: settings, channel.settingFields, at: name)
        guard faults.isEmpty else {
            throw Self.problem(name, faults.map(\.description).joined(separator: "; "))
        }
        do throws(FieldFault) {
            try Self.readSecrets(of: channel, &settings, into: secrets)
            var line = try LineSettings(
                taking: &settings,
                concurrency: max(1, Int(channel.table.pointee.concurrency)),
                unknownPolicy: channel.unknownPolicy
            )
            line.hasServices = channel.has(\.service) && channel.table.pointee.service != nil
            if channel.has(\.deadline_seconds), channel.table.pointee.deadline_seconds != 0 {
                let seconds = Int64(channel.table.pointee.deadline_seconds)
                line.deadline = min(.seconds(seconds), LineLimits.longestDeadline)
            }
            // Without a state of its own an address is a token, of which a channel knows for certain.
            if channel.rules.statusField == nil { line.deathsToStop = nil }
            self.line = line
        } catch {
            throw Self.problem(name, "\(name).\(error)")
        }
        settings["data_folder"] = .string(dataFolder)
        let tree = ValueTree(.object(FieldSchema.normalized(settings, channel.settingFields)))
        var reason = ""
        let started = withReason(&reason) { why in
            withExtendedLifetime(tree) { channel.table.pointee.start(channel.table.pointee.context, tree.root, why) }
        }
        guard let started else {
            let told = channel.withSettingNamed(in: secrets.redacted(reason))
            throw Self.problem(name, "it cannot start: \(told)")
        }
        instance = started
    }

    private static func problem(_ name: String, _ reason: String) -> PluginRegistry.Problem {
        PluginRegistry.Problem(file: "channel \(name)", reason: reason, cure: "mend the setting")
    }

    /// Puts what files hold in the place of their names.
    private static func readSecrets(
        of channel: PluginRegistry.RegisteredChannel,
        _ settings: inout Object,
        into secrets: Secrets
    ) throws(FieldFault) {
        for field in channel.ownSettingFields where field.isSecret {
            let fileSetting = ChannelSettingFields.file(of: field.name)
            if let path = settings[fileSetting]?.string {
                guard settings[field.name] == nil else {
                    throw FieldFault(text: "\(field.name) is set, and \(fileSetting) too: one of them is enough")
                }
                do throws(FieldFault) {
                    settings[field.name] = .string(try ChannelSettingFields.secret(in: path))
                } catch {
                    throw FieldFault(field: fileSetting, text: error.text)
                }
                settings[fileSetting] = nil
            }
            guard let secret = settings[field.name]?.string else { continue }
            secrets.add(secret)
            PluginHost.secrets.add(secret)
            Secrets.keepOutOfCores()
        }
    }

    /// Hands a message over. `ended` is called once, on any thread; it gives false where the host had given the send
    /// up by then.
    func send(
        _ message: OutboxMessage,
        addresses: [Text],
        addressesSince: [Instant] = [],
        attempt: UInt32,
        deadline: Instant,
        isInDoubt: Bool = false,
        _ ended: @escaping SendTable.Ended
    ) {
        calls.count()
        let send = PluginHost.sends.begin(
            redacted: { [secrets] in secrets.redacted($0) },
            { [calls] report in
                switch report.outcome {
                case .tryAgain, .unknown: calls.countFailure()
                case .accepted, .refused, .addressDead: break
                }
                return ended(report)
            }
        )
        withView(
            of: message,
            addresses: addresses,
            since: addressesSince.map(\.milliseconds),
            attempt: attempt,
            deadline: deadline,
            isInDoubt: isInDoubt
        ) { view in
            table.pointee.send(instance, send, view)
        }
    }

    /// Which of several providers the message is for; empty where there is one.
    func service(of message: OutboxMessage) -> Text {
        guard let service = table.pointee.service else { return "" }
        return withView(of: message, addresses: message.addresses, attempt: 1, deadline: message.claimedAt) { view in
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: HostLimits.bytesOfService) { buffer in
                let count = service(instance, view, buffer.baseAddress, buffer.count)
                return Text(String(triggerd_text(bytes: buffer.baseAddress, length: min(count, buffer.count))))
            }
        }
    }

    /// The message as C sees it, for as long as `body` runs.
    private func withView<Result>(
        of message: OutboxMessage,
        addresses: [Text],
        since: [Int64] = [],
        attempt: UInt32,
        deadline: Instant,
        isInDoubt: Bool = false,
        _ body: (UnsafePointer<triggerd_message>) -> Result
    ) -> Result {
        let addressTree = ValueTree(.array(addresses.map { .string($0) }))
        let fields = ValueTree(.object(message.fields))
        let leadNames = ValueTree(.array(message.leads.map { .string($0.field) }))
        let texts = UnsafeBufferPointer(start: addressTree.root.pointee.of.elements, count: addresses.count).map {
            triggerd_text(bytes: $0.of.string, length: Int($0.count))
        }
        defer { withExtendedLifetime((addressTree, fields, leadNames)) {} }
        return message.key.withText { key in
            message.campaign.string.withText { campaign in
                message.user.string.withText { user in
                    withBuffers(texts, since, leads(of: message, leadNames)) { texts, since, leads in
                        var view = triggerd_message(
                            size: UInt32(MemoryLayout<triggerd_message>.size),
                            key: key,
                            campaign: campaign,
                            user: user,
                            addresses: texts.baseAddress,
                            address_count: texts.count,
                            fields: fields.root.pointee.of.members,
                            field_count: message.fields.members.count,
                            deadline_ms: deadline.milliseconds,
                            attempt: attempt,
                            addresses_since_ms: since.count == texts.count ? since.baseAddress : nil,
                            event_ms: message.eventAt.milliseconds,
                            leads: leads.baseAddress,
                            lead_count: leads.count,
                            is_in_doubt: isInDoubt
                        )
                        return body(&view)
                    }
                }
            }
        }
    }

    private func withBuffers<Result>(
        _ texts: [triggerd_text],
        _ since: [Int64],
        _ leads: [triggerd_lead],
        _ body: (
            UnsafeBufferPointer<triggerd_text>, UnsafeBufferPointer<Int64>, UnsafeBufferPointer<triggerd_lead>
        ) -> Result
    ) -> Result {
        texts.withUnsafeBufferPointer { texts in
            since.withUnsafeBufferPointer { since in leads.withUnsafeBufferPointer { body(texts, since, $0) } }
        }
    }

    /// `names`: of the message's leads, in their order.
    private func leads(of message: OutboxMessage, _ names: ValueTree) -> [triggerd_lead] {
        message.leads.enumerated().map { index, lead in
            let name = names.root.pointee.of.elements[index]
            return triggerd_lead(
                field: triggerd_text(bytes: name.of.string, length: Int(name.count)),
                bytes: UInt64(lead.bytes)
            )
        }
    }

    func drain() {
        table.pointee.drain(instance)
    }

    func stop() {
        table.pointee.stop(instance)
    }
}
