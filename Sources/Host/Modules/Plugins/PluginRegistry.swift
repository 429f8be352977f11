import Engine
import Foundation
import PluginABI
import Storage

/// Everything that the loaded modules registered.
package struct PluginRegistry: @unchecked Sendable {
    // The tables live as long as the process and do not change.
    private var types:
        [String: (table: UnsafePointer<triggerd_trigger_type>, fields: [FieldSchema], calls: PluginCounters)] = [:]
    private var channels: [String: RegisteredChannel] = [:]
    private var plugins: [Loaded] = []

    private struct Loaded {
        var name: String
        var version: String
        var file: String
        var triggerTypes: [String]
        var channels: [String]
        var counters: PluginCounters
    }

    package struct RegisteredChannel: @unchecked Sendable {
        // As above.
        let table: UnsafePointer<triggerd_channel>
        let calls: PluginCounters
        package let messageFields: [FieldSchema]
        /// Its own, and those that the host gives every channel.
        package let settingFields: [FieldSchema]
        let ownSettingFields: [FieldSchema]
        package let rules: ChannelRules
        let unknownPolicy: UnknownPolicy
        /// Names in its templates that it fills in itself.
        let filledNames: [String]

        /// Whether the table reaches as far as this field: a module of an older version leaves the newest out.
        func has<Field>(_ field: KeyPath<triggerd_channel, Field>) -> Bool {
            guard let offset = MemoryLayout<triggerd_channel>.offset(of: field) else { return false }
            return offset + MemoryLayout<Field>.size <= Int(table.pointee.size)
        }
    }

    /// What is wrong with a file, and what mends it.
    package struct Problem: Error, CustomStringConvertible, Sendable {
        package let file: String
        package let reason: String
        package let cure: String

        package var description: String { "\(file): \(reason); \(cure)" }
    }

    package struct Problems: Error, CustomStringConvertible, Sendable {
        package let all: [Problem]
        package var description: String { all.map(\.description).joined(separator: "\n") }
    }

    package init() {}

    /// Loads every module of a folder, in the order of their names. Shared objects without the entry symbol are
    /// passed over. Throws everything that is wrong, with nothing of it registered.
    package init(folder: String) throws(Problems) {
        var problems: [Problem] = []
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".so") }.sorted()
        } catch {
            throw Problems(all: [
                Problem(
                    file: folder,
                    reason: "the folder cannot be read",
                    cure: "name the folder of the plug-ins with --plugins"
                )
            ])
        }
        if !names.isEmpty, let problem = Self.distrust(folder, .folder) { problems.append(problem) }
        for name in names {
            do throws(Problem) {
                try load((folder as NSString).appendingPathComponent(name))
            } catch {
                problems.append(error)
            }
        }
        if problems.isEmpty, plugins.isEmpty {
            problems.append(
                Problem(
                    file: folder,
                    reason: "no plug-in is in this folder",
                    cure: "name the folder of the plug-ins with --plugins"
                )
            )
        }
        guard problems.isEmpty else { throw Problems(all: problems) }
    }

    private mutating func load(_ file: String) throws(Problem) {
        func problem(_ reason: String, _ cure: String) -> Problem { Problem(file: file, reason: reason, cure: cure) }
        guard let symbols = ELFSymbols(file: file) else { return }  // No shared object, so no plug-in.
        let entry = TRIGGERD_ENTRY_SYMBOL
        guard symbols.names.contains(entry) else {
            let other = symbols.names.first {
                $0.hasPrefix("triggerd_plugin_") && Int($0.dropFirst("triggerd_plugin_".count)) != nil
            }
            guard let other else { return }  // A library that plug-ins use.
            throw problem(
                "it was made for version \(other.dropFirst("triggerd_plugin_".count)) of the plug-in contract, this is version \(TRIGGERD_ABI_MAJOR)",
                "build it against this triggerd's header"
            )
        }
        if let problem = Self.distrust(file, .file) { throw problem }
        // Never closed: code of a module may run as long as the process does.
        guard let handle = dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) else {
            throw problem("it does not load: \(String(cString: dlerror()))", "install what it needs")
        }
        guard let symbol = dlsym(handle, entry) else {
            throw problem("its entry symbol \(entry) cannot be found", "export it with default visibility")
        }
        let enter = unsafeBitCast(symbol, to: triggerd_entry.self)
        var reason = ""
        guard let module = withReason(&reason, { enter(PluginHost.table, $0) }) else {
            throw problem("it refuses to be loaded: \(reason)", "see its own documentation")
        }
        try register(module, file)
    }

    private mutating func register(_ module: UnsafePointer<triggerd_module>, _ file: String) throws(Problem) {
        func problem(_ reason: String, _ cure: String) -> Problem { Problem(file: file, reason: reason, cure: cure) }
        guard module.pointee.size >= UInt32(MemoryLayout<triggerd_module>.size) else {
            throw problem("its table is cut short", "build it against plugin.h of version \(TRIGGERD_ABI_MAJOR)")
        }
        guard module.pointee.needs_abi_minor <= UInt32(TRIGGERD_ABI_MINOR) else {
            throw problem(
                "it needs a host of the contract \(TRIGGERD_ABI_MAJOR).\(module.pointee.needs_abi_minor), this is \(TRIGGERD_ABI_MAJOR).\(TRIGGERD_ABI_MINOR)",
                "install a newer triggerd"
            )
        }
        let name = String(module.pointee.name)
        guard !name.isEmpty else { throw problem("it has no name", "set `name` in its table") }
        if let other = plugins.first(where: { $0.name == name }) {
            throw problem("the module \(name) is loaded already, from \(other.file)", "remove one of the two")
        }
        let counters = PluginCounters()
        var loaded = Loaded(
            name: name,
            version: String(module.pointee.version),
            file: file,
            triggerTypes: [],
            channels: [],
            counters: counters
        )
        for table in UnsafeBufferPointer(start: module.pointee.trigger_types, count: module.pointee.trigger_type_count)
        {
            guard let table, table.pointee.size >= UInt32(MemoryLayout<triggerd_trigger_type>.size) else {
                throw problem("a trigger type's table is cut short", "build it against this contract's header")
            }
            let type = String(table.pointee.name)
            guard !type.isEmpty else { throw problem("a trigger type has no name", "set `name` in its table") }
            if types[type] != nil {
                throw problem("the trigger type \(type) is claimed by two modules", "remove one of the two")
            }
            types[type] = (table, FieldSchema.all(table.pointee.fields, table.pointee.field_count), counters)
            loaded.triggerTypes.append(type)
        }
        for table in UnsafeBufferPointer(start: module.pointee.channels, count: module.pointee.channel_count) {
            guard let table, Int(table.pointee.size) >= RegisteredChannel.oldestSize else {
                throw problem("a channel's table is cut short", "build it against this contract's header")
            }
            let channel = String(table.pointee.name)
            guard !channel.isEmpty else { throw problem("a channel has no name", "set `name` in its table") }
            if channels[channel] != nil {
                throw problem("the channel \(channel) is claimed by two modules", "remove one of the two")
            }
            let registered = RegisteredChannel(table, counters)
            let names = registered.settingFields.map(\.name)
            if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
                throw problem(
                    "the channel \(channel) has a setting \(twice), which every channel has",
                    "give the setting another name"
                )
            }
            channels[channel] = registered
            loaded.channels.append(channel)
        }
        plugins.append(loaded)
    }

    /// Whoever may write to a module, or put another in its place, runs as the daemon.
    private static func distrust(_ path: String, _ kind: FileTrust.Kind) -> Problem? {
        FileTrust.fault(of: path, kind).map { Problem(file: path, reason: $0.why, cure: $0.cure) }
    }
}

extension PluginRegistry.RegisteredChannel {
    /// The size of a channel's table of version 1.0.
    fileprivate static let oldestSize =
        MemoryLayout<triggerd_channel>.offset(of: \triggerd_channel.stop)! + MemoryLayout<UInt>.size

    /// A reason that begins with the name of one of the channel's own settings begins as the setting is written:
    /// with the channel's name.
    func withSettingNamed(in reason: String) -> String {
        let word = reason.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        guard ownSettingFields.contains(where: { $0.name == word }) else { return reason }
        return "\(String(table.pointee.name)).\(reason)"
    }

    /// Why such a message could never be sent; nil where it can.
    fileprivate func fault(of fields: Object) -> String? {
        guard has(\.check), let check = table.pointee.check else { return nil }
        let tree = ValueTree(.object(FieldSchema.normalized(fields, messageFields)))
        var reason = ""
        let holds = withReason(&reason) { why in
            withExtendedLifetime(tree) { check(table.pointee.context, tree.root, why) }
        }
        return holds ? nil : reason
    }

    fileprivate init(_ table: UnsafePointer<triggerd_channel>, _ calls: PluginCounters) {
        func name(_ text: triggerd_text) -> String? { text.length == 0 ? nil : String(text) }
        self.table = table
        self.calls = calls
        messageFields = FieldSchema.all(table.pointee.message_fields, table.pointee.message_field_count)
        ownSettingFields = FieldSchema.all(table.pointee.setting_fields, table.pointee.setting_field_count)
        settingFields = ChannelSettingFields.all(of: ownSettingFields)
        let hasPolicy =
            MemoryLayout<triggerd_channel>.offset(of: \triggerd_channel.unknown_policy)! + MemoryLayout<UInt32>.size
            <= Int(table.pointee.size)
        unknownPolicy =
            switch hasPolicy ? table.pointee.unknown_policy : TRIGGERD_SEND_AGAIN.rawValue {
            case TRIGGERD_NEVER_AGAIN.rawValue: .neverAgain
            case TRIGGERD_A_FEW_TIMES.rawValue: .aFewTimes
            default: .again
            }
        let hasNames =
            MemoryLayout<triggerd_channel>.offset(of: \triggerd_channel.filled_name_count)! + MemoryLayout<Int>.size
            <= Int(table.pointee.size)
        filledNames =
            hasNames
            ? UnsafeBufferPointer(start: table.pointee.filled_names, count: table.pointee.filled_name_count)
                .map { String($0) } : []
        rules = ChannelRules(
            queues: table.pointee.presentation == TRIGGERD_NEXT_SESSION.rawValue,
            addressField: name(table.pointee.address_field),
            statusField: name(table.pointee.status_field),
            consentField: name(table.pointee.consent_field)
        )
    }
}

// MARK: What the rest of the host asks

extension PluginRegistry {
    /// A module as `triggerd plugins` shows it.
    package struct LoadedPlugin: Sendable {
        package var name: String
        package var version: String
        package var file: String
        package var triggerTypes: [String]
        package var channels: [String]
        package var calls: UInt64
        package var failures: UInt64
    }

    package var loaded: [LoadedPlugin] {
        plugins.map {
            LoadedPlugin(
                name: $0.name,
                version: $0.version,
                file: $0.file,
                triggerTypes: $0.triggerTypes,
                channels: $0.channels,
                calls: $0.counters.calls,
                failures: $0.counters.failures
            )
        }
    }

    /// The keys of every trigger type.
    package var triggerFields: [String: [FieldSchema]] { types.mapValues(\.fields) }
    package var registeredChannels: [String: RegisteredChannel] { channels }
    var channelRules: [String: ChannelRules] { channels.mapValues(\.rules) }

    /// Whether a channel waits for the user's next session.
    func queues(_ channel: String) -> Bool { channels[channel]?.rules.queues ?? false }

    enum TemplateKind {
        case plain, text, html
    }

    /// Whether the channel connects to what the field says.
    func isURL(_ field: String, in channel: String) -> Bool {
        channels[channel]?.messageFields.contains { $0.name == field && $0.isURL } ?? false
    }

    func templateKind(of field: String, in channel: String) -> TemplateKind {
        guard let schema = channels[channel]?.messageFields.first(where: { $0.name == field }), schema.isTemplate else {
            return .plain
        }
        return schema.isHTML ? .html : .text
    }

    /// Names that templates of the channel's messages may print beside those that all know.
    func filledNames(of channel: String) -> [String] { channels[channel]?.filledNames ?? [] }

    /// Throws what no loaded plug-in can serve of an occurrence, and what its plug-in says of it.
    func compile(
        _ occurrence: Occurrence,
        at path: String,
        in campaign: CampaignID
    ) throws(CampaignProblems) -> CompiledOccurrence {
        func problem(_ field: String, _ text: String) -> CampaignProblem {
            CampaignProblem(field: field, text, campaign: campaign)
        }
        guard let type = types[occurrence.type] else {
            let text = Self.unserved("trigger type", occurrence.type, types.keys.sorted())
            throw CampaignProblems([problem("\(path).type", text)])
        }
        let faults = FieldSchema.faults(of: occurrence.configuration, type.fields, at: path)
        guard faults.isEmpty else { throw CampaignProblems(faults.map { problem($0.field, $0.text) }) }
        do throws(FieldFault) {
            return try CompiledOccurrence(
                type.table,
                FieldSchema.normalized(occurrence.configuration, type.fields),
                calls: type.calls
            )
        } catch {
            let fault = error.placed(among: type.fields, at: path)
            throw CampaignProblems([problem(fault.field, fault.text)])
        }
    }

    func problems(of message: Message, at path: String, in campaign: CampaignID) -> [CampaignProblem] {
        func problem(_ field: String, _ text: String) -> CampaignProblem {
            CampaignProblem(field: field, text, campaign: campaign)
        }
        guard let channel = channels[message.channel] else {
            return [problem("\(path).channel", Self.unserved("channel", message.channel, channels.keys.sorted()))]
        }
        var found = FieldSchema.faults(of: message.fields, channel.messageFields, at: path).map {
            problem($0.field, $0.text)
        }
        if found.isEmpty, let text = channel.fault(of: message.fields) {
            let fault = FieldFault(text: text).placed(among: channel.messageFields, at: path)
            found.append(problem(fault.field, fault.text))
        }
        if !channel.rules.queues, message.expiresAfter != nil || message.priority != .medium {
            found.append(
                problem(
                    path,
                    "`priority` and `expires_after` belong to messages that wait for a session; \(message.channel) sends at once"
                )
            )
        }
        return found
    }

    private static func unserved(_ kind: String, _ name: String, _ loaded: [String]) -> String {
        "no loaded plug-in serves the \(kind) \"\(name)\"; loaded are \(loaded.isEmpty ? "none" : loaded.joined(separator: ", "))"
    }
}
