import Logging
import NIOCore

/// A listener rests where connections come faster than any honest client makes them: each costs as much as some calls,
/// and whoever comes and goes as fast as they can would take the time of those whose connections are open.
///
/// One that cannot accept, since no descriptor is left, tries again in a while. NIO's own AcceptBackoffHandler
/// holds reads back that NIO never asks for after such an error: the listener stays readable, and its loop spins.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let logger: Logger
    private var allowance: AcceptAllowance

    init(logger: Logger) {
        self.logger = logger
        allowance = AcceptAllowance(now: .now())
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireChannelRead(data)
        // Most come slowly.
        guard let pause = allowance.takes(at: .now()), let options = context.channel.syncOptions else { return }
        rest(pause, options, context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is IOError, let options = context.channel.syncOptions else {
            context.fireErrorCaught(error)
            return
        }
        logger.warning("nobody can be let in just now: \(error)")
        rest(Limits.acceptPause, options, context)
    }

    private func rest(
        _ pause: TimeAmount,
        _ options: any NIOSynchronousChannelOptions,
        _ context: ChannelHandlerContext
    ) {
        do {
            try options.setOption(.autoRead, value: false)
        } catch {
            // The listener is closing: nothing is accepted any more.
            return
        }
        context.eventLoop.assumeIsolated().scheduleTask(in: pause) {
            try options.setOption(.autoRead, value: true)
        }
    }
}

/// How many connections a listener may take in: a burst, and then so many a second.
struct AcceptAllowance {
    private var left = Double(Limits.acceptedInBurst)
    private var last: NIODeadline

    init(now: NIODeadline) {
        last = now
    }

    /// One has come. Gives how long none may come, where too many did.
    mutating func takes(at now: NIODeadline) -> TimeAmount? {
        let passed = Double((now - last).nanoseconds) / 1e9
        last = now
        left = min(Double(Limits.acceptedInBurst), left + passed * Double(Limits.acceptedPerSecond)) - 1
        return left < 1 ? Limits.acceptRest : nil
    }
}
