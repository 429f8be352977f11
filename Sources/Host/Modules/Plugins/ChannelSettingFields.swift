import Engine
import Foundation
import Storage

/// The settings that every channel has beside its own, and how a secret may be given.
enum ChannelSettingFields {
    static let concurrency = "concurrency"
    static let perSecond = "per_second"
    static let giveUpAfter = "give_up_after"
    static let unknownOutcome = "unknown_outcome"

    /// The channel's own, those of the host, and for each secret one that names the file that it stands in.
    static func all(of own: [FieldSchema]) -> [FieldSchema] {
        own + host
            + own.filter(\.isSecret).map { secret in
                FieldSchema(
                    name: file(of: secret.name),
                    kind: .string,
                    summary: "the file that holds \(secret.name)"
                )
            }
    }

    static func file(of secret: String) -> String { secret + "_file" }

    private static let host = [
        FieldSchema(name: concurrency, kind: .integer, summary: "messages that the channel has at once, at most"),
        FieldSchema(name: perSecond, kind: .number, summary: "messages handed over in a second, at most"),
        FieldSchema(
            name: giveUpAfter,
            kind: .string,
            summary: "a length of time up to 72h, the default: a message that was not accepted by then has failed"
        ),
        FieldSchema(
            name: unknownOutcome,
            kind: .string,
            oneOf: UnknownPolicy.allCases.map(\.rawValue),
            summary: "what is done with a message of which nobody knows whether the provider has it"
        ),
    ]

    /// The secret in a file, without what an editor leaves: a byte order mark, the line end.
    static func secret(in path: String) throws(FieldFault) -> String {
        var bytes = try start(of: path, most: HostLimits.bytesOfSecret + 1)
        if bytes.starts(with: "\u{feff}".utf8) { bytes.removeFirst(3) }
        guard !bytes.isEmpty else { throw FieldFault(text: "\(path) is empty") }
        guard bytes.count <= HostLimits.bytesOfSecret else {
            throw FieldFault(text: "\(path) is no secret: it is too long")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FieldFault(text: "\(path) is not UTF-8")
        }
        guard !text.allSatisfy(\.isWhitespace) else {
            throw FieldFault(text: "\(path) holds nothing but white space")
        }
        return text.trimmingCharacters(in: .newlines)
    }

    /// The first bytes of a file, which may be a pipe.
    private static func start(of path: String, most: Int) throws(FieldFault) -> [UInt8] {
        func fault(_ number: Int32) -> FieldFault {
            FieldFault(
                text: number == EISDIR
                    ? "\(path) is a folder" : "\(path) cannot be read: \(String(cString: strerror(number)))"
            )
        }
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw fault(errno) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw fault(errno) }
        if let fault = FileTrust.fault(of: path, .secret) ?? FileTrust.fault(of: status, path, .secret) {
            throw FieldFault(text: fault.description)
        }
        var bytes = [UInt8](repeating: 0, count: most)
        var count = 0
        while count < most {
            let got = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress! + count, most - count) }
            if got < 0, errno == EAGAIN {
                var waiting = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
                guard poll(&waiting, 1, HostLimits.patienceWithPipes) > 0 else {
                    throw FieldFault(text: "\(path) is a pipe into which nobody writes")
                }
                continue
            }
            guard got >= 0 || errno == EINTR else { throw fault(errno) }
            guard got != 0 else { break }
            count += max(0, got)
        }
        return Array(bytes.prefix(count))
    }
}

extension LineSettings {
    /// Takes what is the host's out of a channel's settings. Throws what is wrong, without the channel's name.
    init(taking settings: inout Object, concurrency most: Int, unknownPolicy: UnknownPolicy) throws(FieldFault) {
        func take(_ name: String) -> Value? {
            defer { settings[name] = nil }
            return settings[name]
        }
        self.init(concurrency: most)
        self.unknownPolicy = unknownPolicy
        if case .integer(let count)? = take(ChannelSettingFields.concurrency) {
            guard (1...Int64(most)).contains(count) else {
                throw FieldFault(field: ChannelSettingFields.concurrency, text: "\(count) is not within 1 to \(most)")
            }
            concurrency = Int(count)
        }
        switch take(ChannelSettingFields.perSecond) {
        case .integer(let rate)?: perSecond = Double(rate)
        case .decimal(let rate)?: perSecond = rate
        default: break
        }
        if let perSecond, !(0.001...1_000_000).contains(perSecond) {
            throw FieldFault(field: ChannelSettingFields.perSecond, text: "\(perSecond) is not within 0.001 to 1000000")
        }
        if let text = take(ChannelSettingFields.giveUpAfter)?.string {
            guard let length = Length(text), length > .zero, length <= .days(3) else {
                throw FieldFault(
                    field: ChannelSettingFields.giveUpAfter,
                    text: "\(text) is no length of time up to 72h, as in 12h"
                )
            }
            givesUpAfter = length
        }
        if let text = take(ChannelSettingFields.unknownOutcome)?.string, let policy = UnknownPolicy(rawValue: text) {
            self.unknownPolicy = policy
        }
    }
}
