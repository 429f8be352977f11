@preconcurrency import Dispatch
import Glibc
import RPC
import Storage

/// Certificates, keys and tokens: files of which it matters who else may change or read them.
enum DoorFiles {
    @Sendable static func read(_ path: String, isSecret: Bool) throws -> [UInt8] {
        func failure(_ number: Int32) -> Failure {
            Failure("\(path) cannot be read: \(String(cString: strerror(number)))")
        }
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw failure(errno) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Failure("\(path) is no plain file") }
        let kind = isSecret ? FileTrust.Kind.secret : .file
        if let fault = FileTrust.fault(of: path, kind) ?? FileTrust.fault(of: status, path, kind) {
            throw Failure(fault.description)
        }
        guard status.st_size <= CommandLimits.doorFile else {
            throw Failure("\(path) has more than \(CommandLimits.doorFile) bytes")
        }
        var bytes = [UInt8](repeating: 0, count: CommandLimits.doorFile)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress! + count, $0.count - count) }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw failure(errno) }
            if got == 0 { break }
            count += got
        }
        return Array(bytes.prefix(count))
    }

    /// The first token of a file, which a client sends.
    static func token(_ path: String) throws -> String {
        let bytes = try read(path, isSecret: true)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Failure("\(path) is not UTF-8") }
        return String(decoding: try Tokens.tokens(in: text, of: path)[0], as: UTF8.self)
    }
}

/// Looks whether files of doors have changed, each second and on SIGHUP.
final class DoorReload: Sendable {
    private let timer: any DispatchSourceTimer
    private let signal: ReloadSignal

    init(_ server: Server) {
        // One after another.
        let queue = DispatchQueue(label: "doors")
        timer = DispatchSource.makeTimerSource(queue: queue)
        timer.setEventHandler { server.reloadDoors() }
        timer.schedule(deadline: .now() + ServeLimits.doorsAreLookedAt, repeating: ServeLimits.doorsAreLookedAt)
        timer.resume()
        signal = ReloadSignal { queue.async { server.reloadDoors() } }
    }

    func cancel() {
        timer.cancel()
        signal.cancel()
    }
}
