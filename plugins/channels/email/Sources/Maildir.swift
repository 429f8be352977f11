import Glibc
import PluginKit
import Synchronization

/// A folder of letters that any mail reader opens: a file each, in `new` until it was read.
///
/// A letter's file is named after its key: handed over twice, it is there once, as long as its
/// reader keeps it.
package final class Maildir: Carrier {
    private let folder: String
    private let counter = Atomic<Int>(0)

    /// Makes the folders where they are missing, for this user alone.
    package init(folder: String) throws(PluginError) {
        self.folder = folder
        for path in [folder, folder + "/tmp", folder + "/new", folder + "/cur"]
        where mkdir(path, 0o700) != 0 && errno != EEXIST {
            throw PluginError("the maildir \(path) cannot be made: \(Self.reason(errno))")
        }
    }

    package func carry(_ first: Delivery, next: () -> Delivery?) {
        var first: Delivery? = first
        while let delivery = first ?? next() {
            first = nil
            let nowMs = Clock.nowMs()
            if delivery.leftMs(nowMs) != nil { delivery.end(keep(delivery.letter, dateMs: nowMs)) }
        }
    }

    package func keep(_ letter: Letter, dateMs: Int64) -> Outcome {
        let name = letter.name.text
        do throws(Fault) {
            if try !wasRead(name) { try write(letter.bytes(dateMs: dateMs), as: name) }
            return .accepted(id: name)
        } catch {
            return .tryAgain(after: 0, error.text, cause: .unavailable)
        }
    }

    /// Nothing is kept.
    package func rest(unusedSince instant: Int64) {}

    /// A file is written within moments; none is left half done by waiting for it.
    package func abort() {}

    /// Whether a reader has taken the letter over: it moves it to `cur` and adds its flags.
    private func wasRead(_ name: String) throws(Fault) -> Bool {
        let path = folder + "/cur"
        guard let entries = opendir(path) else { throw Fault("open", path) }
        defer { closedir(entries) }
        let wanted = Array(name.utf8)
        while let entry = readdir(entries) {
            let found = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                bytes.starts(with: wanted) && [0, UInt8(ascii: ":"), UInt8(ascii: ",")].contains(bytes[wanted.count])
            }
            if found { return true }
        }
        return false
    }

    private func write(_ bytes: [UInt8], as name: String) throws(Fault) {
        // Two tries of one letter may be under way at once, each in a file of its own.
        let serial = counter.wrappingAdd(1, ordering: .relaxed).newValue
        let draft = "\(folder)/tmp/\(name).\(getpid()).\(serial)"
        do throws(Fault) {
            try Self.write(bytes, to: draft)
            guard rename(draft, "\(folder)/new/\(name)") == 0 else { throw Fault("write", "\(folder)/new/\(name)") }
        } catch {
            unlink(draft)
            throw error
        }
        // Without it the file's name may be lost with the power.
        try Self.flush(folder + "/new")
    }

    private static func write(_ bytes: [UInt8], to path: String) throws(Fault) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Fault("write", path) }
        defer { close(file) }
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(file, rest, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Fault("write", path) }
            rest.removeFirst(count)
        }
        guard fsync(file) == 0 else { throw Fault("flush", path) }
    }

    private static func flush(_ path: String) throws(Fault) {
        let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw Fault("open", path) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw Fault("flush", path) }
    }

    private struct Fault: Error {
        let text: String

        init(_ action: String, _ path: String) { text = "cannot \(action) \(path): \(Maildir.reason(errno))" }
    }

    static func reason(_ code: Int32) -> String {
        var text = [CChar](repeating: 0, count: 128)
        // strerror's buffer is shared by all threads.
        return strerror_r(code, &text, text.count) == 0 ? String(upToNull: text) : "error \(code)"
    }
}

extension String {
    /// What a C function wrote into a buffer.
    init(upToNull buffer: [CChar]) {
        self.init(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
