/// A method that answers, or is asked, by a stream of messages.
package struct StreamMethod: Sendable {
    /// Called on the connection's event loop, which it must not block. A request of a client that sends messages has no
    /// payload: the first message is the stream's.
    package typealias Begin = @Sendable (ServerStream, Request) -> Void

    enum Kind: Sendable {
        /// Messages in, one answer out.
        case client
        /// One request in, messages out.
        case server
        /// Messages in, messages out.
        case bidirectional
    }

    /// What happens where more messages wait than may.
    package enum Surplus: Sendable {
        /// The stream ends with RESOURCE_EXHAUSTED.
        case fails
        /// The connection is not read until the method has taken some: for one that always does, as soon as its answers
        /// are read.
        case waits
    }

    let kind: Kind
    let surplus: Surplus
    let begin: Begin

    package static func client(surplus: Surplus = .fails, _ begin: @escaping Begin) -> StreamMethod {
        StreamMethod(kind: .client, surplus: surplus, begin: begin)
    }

    package static func server(_ begin: @escaping Begin) -> StreamMethod {
        StreamMethod(kind: .server, surplus: .fails, begin: begin)
    }

    package static func bidirectional(surplus: Surplus = .fails, _ begin: @escaping Begin) -> StreamMethod {
        StreamMethod(kind: .bidirectional, surplus: surplus, begin: begin)
    }

    var takesMessages: Bool {
        switch kind {
        case .client, .bidirectional: true
        case .server: false
        }
    }
}
