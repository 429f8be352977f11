import Glibc

/// Whether a file or folder may be trusted: it belongs to the daemon's user or to root, nobody else may write to it,
/// and it is what it should be. Whoever can change what the daemon reads can make it do as they like.
package enum FileTrust {
    package enum Kind: Sendable {
        case folder
        /// One in which others may make files of their own, as in /tmp: nobody can take away what is not theirs.
        case sharedFolder
        case file
        /// A file that only its owner, and the owner's group where that is root's, may read.
        case secret
    }

    /// What is wrong with a path, followed through links whose owners are checked alike, and how to mend it; nil where
    /// nothing is, or nothing is there.
    package static func fault(of path: String, _ kind: Kind) -> String? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        if status.st_mode & S_IFMT == S_IFLNK {
            if let fault = strangeOwner(status, path, "the link ") { return fault }
            guard stat(path, &status) == 0 else { return nil }
        }
        return fault(of: status, path, kind)
    }

    /// Of a file that is open: nobody can put another in its place meanwhile.
    package static func fault(of status: stat, _ path: String, _ kind: Kind) -> String? {
        if let fault = strangeOwner(status, path, "") { return fault }
        let others = status.st_mode & (S_IWGRP | S_IWOTH)
        switch kind {
        case .folder where others != 0:
            return "others may write to the folder \(path): chmod go-w \(ShellText.word(path))"
        case .sharedFolder where others != 0 && status.st_mode & S_ISVTX == 0:
            return "others may write to the folder \(path): chmod go-w \(ShellText.word(path)), or name another one"
        case .file where others != 0:
            return "others may write to \(path): chmod go-w \(ShellText.word(path))"
        case .secret:
            // Pipes and sockets, as shells and service managers hand secrets over, have no readers beside.
            guard status.st_mode & S_IFMT == S_IFREG else { return nil }
            // root:daemon 0640 is how secrets are handed to a service.
            let allowed = status.st_uid == 0 ? S_IRGRP : 0
            guard status.st_mode & (S_IRWXG | S_IRWXO) & ~allowed != 0 else { return nil }
            return "others may read or write the secret in \(path): chmod 600 \(ShellText.word(path))"
        default: return nil
        }
    }

    private static func strangeOwner(_ status: stat, _ path: String, _ what: String) -> String? {
        let user = geteuid()
        guard status.st_uid != user, status.st_uid != 0 else { return nil }
        return
            "\(what)\(path) belongs to user \(status.st_uid), and the daemon runs as \(user): chown \(user) \(ShellText.word(path))"
    }
}
