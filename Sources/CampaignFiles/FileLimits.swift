/// Every limit of reading files, with its reason. What reading costs is in proportion to the file's size.
package enum FileLimits {
    /// A campaign's file, in bytes: a thousand times an ordinary one, a quarter of what one request can carry.
    package static let campaignBytes = 1 << 20
    /// A scenario's file, in bytes: it is read by a command, for one person.
    package static let scenarioBytes = 16 << 20
    /// Lists and mappings within each other, aliases written out. A condition of a condition of a condition is three;
    /// what walks a tree must not end a thread's stack.
    static let depth = 64
    /// What all aliases of a file stand for, in bytes, written out: a few lines that name each other can stand for
    /// more than any memory holds.
    static let aliasBytes = 1 << 18
    /// `%TAG` lines: libyaml compares each with all before it.
    static let tagDirectives = 16
    /// Faults told of one file: nobody reads more, and each can quote the file.
    static let problems = 100
    /// Characters of a name or a value that a fault quotes.
    static let quoted = 80
}

extension String {
    /// As much of it as a fault quotes.
    var shortened: String {
        unicodeScalars.count <= FileLimits.quoted ? self : String(unicodeScalars.prefix(FileLimits.quoted)) + "…"
    }
}
