import Logging
import NIOCore

/// A listener that cannot accept, since no descriptor is left, tries again in a while. NIO's own AcceptBackoffHandler
/// holds reads back that NIO never asks for after such an error: the listener stays readable, and its loop spins.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let logger: Logger

    init(logger: Logger) {
        self.logger = logger
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is IOError, let options = context.channel.syncOptions else {
            context.fireErrorCaught(error)
            return
        }
        logger.warning("nobody can be let in just now: \(error)")
        do {
            try options.setOption(.autoRead, value: false)
        } catch {
            // The listener is closing: nothing is accepted any more.
            return
        }
        context.eventLoop.assumeIsolated().scheduleTask(in: Limits.acceptPause) {
            try options.setOption(.autoRead, value: true)
        }
    }
}
