import Logging
import NIOCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Reads a file of a door, having looked who else may read or change it.
package typealias ReadDoorFile = @Sendable (_ path: String, _ isSecret: Bool) throws -> [UInt8]

/// A door that is open: what it needs to tell who comes in. Its files are read anew when they change.
package final class OpenDoor: Sendable {
    /// Where it stands among the server's, for what is counted by door.
    let number: Int
    package let admission: Admission
    let isUnix: Bool
    let tokens: Tokens?
    package let refusals: BoundedLog
    let tls: ServerTLS?
    private let files: Mutex<[String: FileStamp]>
    private let read: ReadDoorFile

    package init(_ door: Door, number: Int, read: @escaping ReadDoorFile, logger: Logger) throws {
        self.number = number
        self.read = read
        admission = door.admission
        refusals = BoundedLog(logger)
        tokens = door.admission.tokenFiles.isEmpty ? nil : Tokens()
        switch door.place {
        case .unix: (isUnix, tls) = (true, nil)
        case .tcp: (isUnix, tls) = (false, nil)
        case .tls(_, _, let settings): (isUnix, tls) = (false, ServerTLS(settings))
        }
        files = Mutex([:])
        try reload()
    }

    /// Reads its files again where one of them changed, all or none. Gives whether it did; throws what is wrong with
    /// them, and then everything stays as it was until they change again.
    @discardableResult
    package func reload() throws -> Bool {
        let paths = admission.tokenFiles.map(\.path) + (tls?.paths ?? [])
        let stamps = Dictionary(paths.map { ($0, FileStamp(of: $0)) }) { first, _ in first }
        let isChanged = files.withLock { files in
            defer { files = stamps }
            return files != stamps
        }
        guard isChanged else { return false }
        let known = try knownTokens()
        try tls?.load(read)
        tokens?.replace(with: known)
        return true
    }

    private func knownTokens() throws -> [Tokens.Known] {
        var known: [Tokens.Known] = []
        for file in admission.tokenFiles {
            guard let text = String(validating: try read(file.path, true), as: UTF8.self) else {
                throw DoorFault("\(file.path) is not UTF-8")
            }
            for token in try Tokens.tokens(in: text, of: file.path) {
                known.append(Tokens.Known(token: token, roles: file.roles ?? admission.roles))
            }
        }
        return known
    }

    /// What a caller may do with that token; nil where it is nobody's.
    package func roles(token: String) -> Roles? { tokens?.roles(of: token) }

    /// Why whoever has `roles` is refused what needs others.
    package func refusal(of method: String, needs: Roles, roles: Roles, isKnown: Bool, hasToken: Bool) -> Status {
        let need = "\(method) needs the role \(needs.text)"
        if isKnown { return Status(.permissionDenied, "\(need); this caller has \(roles.text)") }
        if hasToken { return Status(.unauthenticated, "\(need), and nobody here has the token that was sent") }
        var ways: [String] = []
        if tls?.asksForCertificate == true { ways.append("connect with a client certificate") }
        if tokens != nil { ways.append("send a token: the metadata `authorization: Bearer TOKEN`") }
        let cure = ways.isEmpty ? "this door knows nobody" : ways.joined(separator: ", or ")
        return Status(.unauthenticated, "\(need): \(cure)")
    }
}

/// What tells that a file is another one, or has other contents.
struct FileStamp: Hashable, Sendable {
    private var numbers: [Int] = []

    init(of path: String) {
        var status = stat()
        // A file that is not there has no numbers; who reads it is told why.
        guard stat(path, &status) == 0 else { return }
        numbers = [
            Int(bitPattern: UInt(status.st_dev)), Int(bitPattern: UInt(status.st_ino)), Int(status.st_size),
            status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
            Int(status.st_mode), Int(status.st_uid),
        ]
    }
}
