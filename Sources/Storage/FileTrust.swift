import Glibc

/// Whether a file or folder may be trusted: it belongs to the daemon's user or to root, nobody else may write to it,
/// and it is what it should be. Whoever can change what the daemon reads can make it do as they like.
package enum FileTrust {
    package enum Kind: Sendable {
        case folder
        /// One in which others may make files of their own, as in /tmp: nobody can take away what is not theirs.
        case sharedFolder
        case file
        /// A file that only its owner may read.
        case secret
    }

    /// What is wrong, and what mends it.
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        package var why: String
        package var cure: String
        package var description: String { "\(why): \(cure)" }
    }

    /// What is wrong with a path, followed through a link whose owner is checked alike; nil where nothing is, or nothing
    /// is there.
    package static func fault(of path: String, _ kind: Kind) -> Fault? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        if status.st_mode & S_IFMT == S_IFLNK {
            if let fault = strangeOwner(status, path, isLink: true) { return fault }
            guard stat(path, &status) == 0 else { return nil }
        }
        return fault(of: status, path, kind)
    }

    /// Of a file that is open: nobody can put another in its place meanwhile.
    package static func fault(of status: stat, _ path: String, _ kind: Kind) -> Fault? {
        if let fault = strangeOwner(status, path) { return fault }
        let others = status.st_mode & (S_IWGRP | S_IWOTH)
        let word = ShellText.word(path)
        switch kind {
        case .folder where others != 0, .file where others != 0:
            return Fault(why: "others may write to \(path)", cure: "chmod go-w \(word)")
        case .sharedFolder where others != 0 && status.st_mode & S_ISVTX == 0:
            return Fault(why: "others may write to \(path)", cure: "chmod go-w \(word), or name another folder")
        case .secret:
            // Pipes, as shells and service managers hand secrets over, have no readers beside.
            guard status.st_mode & S_IFMT == S_IFREG else { return nil }
            // A secret that root lends to the group of a service.
            let allowed = status.st_uid == 0 ? S_IRGRP : 0
            guard status.st_mode & (S_IRWXG | S_IRWXO) & ~allowed != 0 else { return nil }
            return Fault(why: "others may read or write \(path)", cure: "chmod 600 \(word)")
        case .folder, .file, .sharedFolder: return nil
        }
    }

    private static func strangeOwner(_ status: stat, _ path: String, isLink: Bool = false) -> Fault? {
        let user = geteuid()
        guard status.st_uid != user, status.st_uid != 0 else { return nil }
        return Fault(
            why: "\(isLink ? "the link " : "")\(path) belongs to user \(status.st_uid), and the daemon runs as \(user)",
            cure: "chown \(isLink ? "-h " : "")\(user) \(ShellText.word(path))"
        )
    }
}
