import PluginABI

/// A module: its name, and what it registers.
///
/// ```swift
/// struct Shaken: Plugin {
///     static let name = "shaken"
///     static let version = "1.0.0"
///
///     static func register(in registry: inout some Registry) {
///         registry.register(trigger: ShakenTrigger.self)
///     }
/// }
///
/// @c(triggerd_plugin_1)
/// public func entry(_ host: HostTable?, _ why: ReasonBuffer?) -> ModuleTable? {
///     load(Shaken.self, host, why)
/// }
/// ```
public protocol Plugin {
    /// Unique among the modules that a host loads.
    static var name: String { get }
    static var version: String { get }
    static func register(in registry: inout some Registry)
}

/// What a module registers its trigger types and channels with.
public protocol Registry {
    mutating func register<Trigger: TriggerType>(trigger: Trigger.Type)
    mutating func register<Sender: Channel>(channel: Sender.Type)
}

/// The host's table, as the entry function is given it.
public typealias HostTable = UnsafePointer<triggerd_host>
/// Where the entry function says why it refuses.
public typealias ReasonBuffer = UnsafeMutablePointer<triggerd_reason>
/// What the entry function gives back.
public typealias ModuleTable = UnsafePointer<triggerd_module>

/// The body of every module's entry function.
public func load<Module: Plugin>(_ plugin: Module.Type, _ host: HostTable?, _ why: ReasonBuffer?) -> ModuleTable? {
    guard let host, host.pointee.size >= MemoryLayout<triggerd_host>.size else {
        write("this host is older than the one that \(Module.name) was made for", to: why)
        return nil
    }
    Host.table.set(host)
    var tables = Tables()
    Module.register(in: &tables)
    return tables.module(name: Module.name, version: Module.version)
}

/// What a plug-in says of a bad value, or of a channel that cannot start.
public struct PluginError: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}

/// Writes a line to the host's log. From any thread.
public func log(_ level: LogLevel, _ text: String) {
    Host.log(level, text)
}

public enum LogLevel: UInt32, Sendable {
    case debug = 1
    case info, warning, error
}
