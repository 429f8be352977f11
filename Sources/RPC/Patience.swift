import NIOCore

/// How long a connection is waited for, by what its other side leaves undone. Time is given to it.
struct Patience {
    enum Reason {
        case handshake, unreadReplies, unfinishedFrame, idle
    }

    private var limits: Limits
    /// When something was last read or answered.
    private var lastActive: NIODeadline
    /// When the frame began that has come in part.
    private var frameBegan: NIODeadline?
    /// When the oldest write that the client has not taken began to wait for it.
    private var writeBegan: NIODeadline?
    private var hasCalls = false
    /// Until TLS is agreed on.
    private(set) var shakesHands: Bool
    private let began: NIODeadline

    init(limits: Limits, now: NIODeadline, shakesHands: Bool = false) {
        self.limits = limits
        self.shakesHands = shakesHands
        began = now
        lastActive = now
    }

    /// Bytes came; `hasFrame`: whether they completed one, `hasPart`: whether they end inside one.
    mutating func read(at now: NIODeadline, hasFrame: Bool, hasPart: Bool) {
        lastActive = now
        if !hasPart {
            frameBegan = nil
        } else if hasFrame || frameBegan == nil {
            frameBegan = now
        }
    }

    mutating func shookHands(at now: NIODeadline) {
        shakesHands = false
        lastActive = now
    }

    mutating func calls(at now: NIODeadline, underWay: Bool) {
        if hasCalls, !underWay { lastActive = now }
        hasCalls = underWay
    }

    mutating func writes(at now: NIODeadline) {
        if writeBegan == nil { writeBegan = now }
    }

    /// The client took the oldest write; `more`: whether others wait.
    mutating func wrote(at now: NIODeadline, more: Bool) {
        writeBegan = more ? now : nil
    }

    /// The server is ending.
    mutating func hurry() {
        limits.writeDeadline = min(limits.writeDeadline, limits.drainDeadline)
    }

    /// When it ends, and why; nil while it is the daemon's turn.
    var end: (at: NIODeadline, why: Reason)? {
        var ends: [(at: NIODeadline, why: Reason)] = []
        if shakesHands { ends.append((began + limits.handshakeDeadline, .handshake)) }
        if let writeBegan { ends.append((writeBegan + limits.writeDeadline, .unreadReplies)) }
        if let frameBegan { ends.append((frameBegan + limits.frameDeadline, .unfinishedFrame)) }
        if !hasCalls { ends.append((lastActive + limits.idleTime, .idle)) }
        return ends.min { $0.at < $1.at }
    }
}
