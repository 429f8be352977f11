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
                        let maker = Unmanaged<OccurrenceMaker>.given(to: "compile", context).takeUnretainedValue()
                        do {
                            return Unmanaged.passRetained(try maker.make(Value(configuration))).toOpaque()
                        } catch {
                            write(String(describing: error), to: why)
                            return nil
                        }
                    },
                    subjects: { compiled, into, capacity in
                        let box = Unmanaged<OccurrenceBox>.given(to: "subjects", compiled).takeUnretainedValue()
                        for (index, subject) in box.subjects.prefix(capacity).enumerated() { into?[index] = subject }
                        return box.subjects.count
                    },
                    matches: { compiled, event in
                        guard let event else { preconditionFailure("the host called `matches` with nothing") }
                        return Unmanaged<OccurrenceBox>.given(to: "matches", compiled)._withUnsafeGuaranteedRef {
                            $0.occurrence.matches(Event(event))
                        }
                    },
                    destroy: { Unmanaged<OccurrenceBox>.given(to: "destroy", $0).release() }
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
                        let maker = Unmanaged<ChannelMaker>.given(to: "start", context).takeUnretainedValue()
                        do {
                            return Unmanaged.passRetained(try maker.make(Value(settings))).toOpaque()
                        } catch {
                            write(String(describing: error), to: why)
                            return nil
                        }
                    },
                    send: { instance, send, message in
                        guard let message else { preconditionFailure("the host called `send` with nothing") }
                        let box = Unmanaged<ChannelBox>.given(to: "send", instance).takeUnretainedValue()
                        box.channel.send(Message(message), Send(handle: send))
                    },
                    drain: { Unmanaged<ChannelBox>.given(to: "drain", $0).takeUnretainedValue().channel.drain() },
                    stop: { Unmanaged<ChannelBox>.given(to: "stop", $0).takeRetainedValue().channel.stop() },
                    unknown_policy: policy.rawValue,
                    check: { context, fields, why in
                        let maker = Unmanaged<ChannelMaker>.given(to: "check", context).takeUnretainedValue()
                        do {
                            try maker.check(Value(fields))
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

extension Unmanaged {
    /// What a table gave the host to give back. C lets it give nothing; a host that does has a fault, and a message that
    /// is dropped here would never be answered.
    @inline(__always)
    fileprivate static func given(to function: StaticString, _ pointer: UnsafeRawPointer?) -> Self {
        guard let pointer else { preconditionFailure("the host called `\(function)` without what it was given for it") }
        return fromOpaque(pointer)
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
        guard let message, let into else { preconditionFailure("the host called `service` with nothing") }
        let box = Unmanaged<ChannelBox>.given(to: "service", instance).takeUnretainedValue()
        var count = 0
        for byte in box.channel.service(of: Message(message)).utf8.prefix(capacity) {
            into[count] = CChar(bitPattern: byte)
            count += 1
        }
        return count
    }
