import CampaignFiles
import Engine
import Host
import RPC

/// The limits that an operator may set, in `limits` of the configuration file.
struct LimitSettings {
    private enum Setting {
        case count(WritableKeyPath<LimitSettings, Int>, ClosedRange<Int>)
        case time(WritableKeyPath<LimitSettings, RPC.Limits.Time>)
    }

    var connection = RPC.Limits()
    var host = HostLimits()

    private static var settings: [(name: String, setting: Setting)] {
        [
            ("connections", .count(\.connection.connections, 1...100_000)),
            ("connections_of_client", .count(\.connection.connectionsOfClient, 1...100_000)),
            ("calls_of_connection", .count(\.connection.callsUnderWay, 1...65_536)),
            ("frame_bytes", .count(\.connection.frameBytes, 4_096...RPC.Limits.messageBytes)),
            ("queued_reply_bytes", .count(\.connection.queuedReplyBytes, 65_536...(1 << 30))),
            ("unread_reply_bytes", .count(\.connection.unreadReplyBytes, 65_536...(1 << 30))),
            ("held_bytes", .count(\.connection.heldBytes, (1 << 20)...(1 << 40))),
            ("metadata_pairs", .count(\.connection.metadataPairs, 1...65_536)),
            ("metadata_bytes", .count(\.connection.metadataBytes, 1_024...RPC.Limits.messageBytes)),
            ("items_of_request", .count(\.host.itemsPerRequest, 1...100_000)),
            ("handshake_time", .time(\.connection.handshakeDeadline)),
            ("frame_time", .time(\.connection.frameDeadline)),
            ("write_stall_time", .time(\.connection.writeDeadline)),
            ("idle_time", .time(\.connection.idleTime)),
        ]
    }

    static var names: [String] { settings.map(\.name) }

    /// Throws every fault at once.
    init(_ written: [(name: String, text: String)], file: String) throws(Failure) {
        var faults: [String] = []
        for (name, text) in written {
            guard let setting = Self.settings.first(where: { $0.name == name })?.setting else { continue }
            switch setting {
            case .count(let path, let range):
                if let number = Int(text), range.contains(number) {
                    self[keyPath: path] = number
                } else {
                    faults.append(
                        "\(file): limits.\(name): \(text) is no number within \(range.lowerBound) and \(range.upperBound)"
                    )
                }
            case .time(let path):
                if let length = Length(text), length >= .seconds(1), length <= .days(1) {
                    self[keyPath: path] = .milliseconds(length.milliseconds)
                } else {
                    faults.append("\(file): limits.\(name): \(text) is no length of time within 1s and 1d")
                }
            }
        }
        guard faults.isEmpty else { throw Failure(lines: faults) }
        connection.unreadReplyBytes = max(connection.unreadReplyBytes, connection.queuedReplyBytes)
    }
}
