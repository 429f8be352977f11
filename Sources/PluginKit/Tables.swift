import PluginABI

/// The C tables of what a module registers. They live as long as the process.
struct Tables: Registry {
    private var triggerTypes: [UnsafePointer<triggerd_trigger_type>?] = []
    private var channels: [UnsafePointer<triggerd_channel>?] = []

    func module(name: String, version: String) -> ModuleTable {
        .permanent(
            triggerd_module(
                size: UInt32(MemoryLayout<triggerd_module>.size),
                needs_abi_minor: UInt32(TRIGGERD_ABI_MINOR),
                name: name.permanent,
                version: version.permanent,
                trigger_types: .permanent(triggerTypes),
                trigger_type_count: triggerTypes.count,
                channels: .permanent(channels),
                channel_count: channels.count
            )
        )
    }

    mutating func register<Trigger: TriggerType>(trigger: Trigger.Type) {
        let fields = Trigger.fields.map { Optional($0.permanent) }
        let maker = Unmanaged.passRetained(OccurrenceMaker { OccurrenceBox(try Trigger(configuration: $0)) })
        triggerTypes.append(
            .permanent(
                triggerd_trigger_type(
                    size: UInt32(MemoryLayout<triggerd_trigger_type>.size),
                    name: Trigger.name.permanent,
                    fields: .permanent(fields),
                    field_count: fields.count,
                    context: maker.toOpaque(),
                    compile: { context, configuration, why in
                        guard let context else { return nil }
                        let maker = Unmanaged<OccurrenceMaker>.fromOpaque(context).takeUnretainedValue()
                        do {
                            return Unmanaged.passRetained(try maker.make(Value(configuration))).toOpaque()
                        } catch {
                            write(String(describing: error), to: why)
                            return nil
                        }
                    },
                    subjects: { compiled, into, capacity in
                        guard let compiled else { return 0 }
                        let box = Unmanaged<OccurrenceBox>.fromOpaque(compiled).takeUnretainedValue()
                        for (index, subject) in box.subjects.prefix(capacity).enumerated() { into?[index] = subject }
                        return box.subjects.count
                    },
                    matches: { compiled, event in
                        guard let compiled, let event else { return false }
                        return Unmanaged<OccurrenceBox>.fromOpaque(compiled)._withUnsafeGuaranteedRef {
                            $0.occurrence.matches(Event(event))
                        }
                    },
                    destroy: { compiled in
                        guard let compiled else { return }
                        Unmanaged<OccurrenceBox>.fromOpaque(compiled).release()
                    }
                )
            )
        )
    }

    mutating func register<Sender: Channel>(channel: Sender.Type) {
        let messageFields = Sender.messageFields.map { Optional($0.permanent) }
        let settingFields = Sender.settingFields.map { Optional($0.permanent) }
        let presentation = Sender.presentation == .atOnce ? TRIGGERD_AT_ONCE : TRIGGERD_NEXT_SESSION
        let maker = Unmanaged.passRetained(
            ChannelMaker(make: { ChannelBox(try Sender(settings: $0)) }, check: { try Sender.check($0) })
        )
        let policy =
            switch Sender.unknownPolicy {
            case .sendAgain: TRIGGERD_SEND_AGAIN
            case .aFewTimes: TRIGGERD_A_FEW_TIMES
            case .neverAgain: TRIGGERD_NEVER_AGAIN
            }
        channels.append(
            .permanent(
                triggerd_channel(
                    size: UInt32(MemoryLayout<triggerd_channel>.size),
                    name: Sender.name.permanent,
                    presentation: presentation.rawValue,
                    concurrency: UInt32(Sender.concurrency),
                    message_fields: .permanent(messageFields),
                    message_field_count: messageFields.count,
                    setting_fields: .permanent(settingFields),
                    setting_field_count: settingFields.count,
                    address_field: (Sender.addressField ?? "").permanent,
                    status_field: (Sender.statusField ?? "").permanent,
                    consent_field: (Sender.consentField ?? "").permanent,
                    context: maker.toOpaque(),
                    start: { context, settings, why in
                        guard let context else { return nil }
                        let maker = Unmanaged<ChannelMaker>.fromOpaque(context).takeUnretainedValue()
                        do {
                            return Unmanaged.passRetained(try maker.make(Value(settings))).toOpaque()
                        } catch {
                            write(String(describing: error), to: why)
                            return nil
                        }
                    },
                    send: { instance, send, message in
                        guard let instance, let message else { return }
                        let box = Unmanaged<ChannelBox>.fromOpaque(instance).takeUnretainedValue()
                        box.channel.send(Message(message), Send(handle: send))
                    },
                    drain: { instance in
                        guard let instance else { return }
                        Unmanaged<ChannelBox>.fromOpaque(instance).takeUnretainedValue().channel.drain()
                    },
                    stop: { instance in
                        guard let instance else { return }
                        Unmanaged<ChannelBox>.fromOpaque(instance).takeRetainedValue().channel.stop()
                    },
                    unknown_policy: policy.rawValue,
                    check: { context, fields, why in
                        guard let context else { return true }
                        do {
                            try Unmanaged<ChannelMaker>.fromOpaque(context).takeUnretainedValue().check(Value(fields))
                            return true
                        } catch {
                            write(String(describing: error), to: why)
                            return false
                        }
                    },
                    service: Sender.hasServices ? serviceOfMessage : nil,
                    deadline_seconds: UInt32(Sender.deadlineSeconds),
                    filled_names: .permanent(Sender.filledNames.map(\.permanent)),
                    filled_name_count: Sender.filledNames.count
                )
            )
        )
    }
}

/// C carries one pointer, so each generic maker and each made value stands in a box.
private final class OccurrenceMaker {
    let make: (Value) throws -> OccurrenceBox

    init(_ make: @escaping (Value) throws -> OccurrenceBox) {
        self.make = make
    }
}

private final class OccurrenceBox {
    let occurrence: any TriggerType
    /// Handed out by pointer, so they stay where they are until the occurrence goes.
    let subjects: [triggerd_subject]

    init(_ occurrence: any TriggerType) {
        self.occurrence = occurrence
        subjects = occurrence.subjects.map {
            triggerd_subject(event_type: $0.eventType.permanent, subject: $0.subject.permanent)
        }
    }

    deinit {
        for subject in subjects {
            subject.event_type.bytes?.deallocate()
            subject.subject.bytes?.deallocate()
        }
    }
}

private final class ChannelMaker {
    let make: (Value) throws -> ChannelBox
    let check: (Value) throws -> Void

    init(make: @escaping (Value) throws -> ChannelBox, check: @escaping (Value) throws -> Void) {
        self.make = make
        self.check = check
    }
}

private final class ChannelBox {
    let channel: any Channel

    init(_ channel: any Channel) {
        self.channel = channel
    }
}

/// What a channel's table says of the provider that a message is for.
private let serviceOfMessage:
    @convention(c) (
        UnsafeMutableRawPointer?, UnsafePointer<triggerd_message>?, UnsafeMutablePointer<CChar>?, Int
    ) -> Int = { instance, message, into, capacity in
        guard let instance, let message, let into else { return 0 }
        let box = Unmanaged<ChannelBox>.fromOpaque(instance).takeUnretainedValue()
        var count = 0
        for byte in box.channel.service(of: Message(message)).utf8.prefix(capacity) {
            into[count] = CChar(bitPattern: byte)
            count += 1
        }
        return count
    }
