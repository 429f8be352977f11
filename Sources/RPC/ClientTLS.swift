import NIOCore
import NIOSSL
import NIOTLS

/// The client's side of TLS.
package struct ClientTLS: Sendable {
    let context: NIOSSLContext

    /// PEM of each; without `authorities` those of the system are believed. Throws what is wrong with them.
    package init(authorities: [UInt8]?, identity: (certificate: [UInt8], key: [UInt8])?) throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.shutdownTimeout = Limits.tlsEnd
        if let authorities {
            guard let certificates = try? NIOSSLCertificate.fromPEMBytes(authorities), !certificates.isEmpty else {
                throw DoorFault("the file of the CA holds no certificate in PEM")
            }
            configuration.trustRoots = .certificates(certificates)
        }
        if let identity {
            guard let chain = try? NIOSSLCertificate.fromPEMBytes(identity.certificate), !chain.isEmpty else {
                throw DoorFault("the file of the client's certificate holds none in PEM")
            }
            guard let key = try? NIOSSLPrivateKey(bytes: identity.key, format: .pem) else {
                throw DoorFault("the file of the client's key holds none in PEM without a passphrase")
            }
            configuration.certificateChain = chain.map { .certificate($0) }
            configuration.privateKey = .privateKey(key)
        }
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw DoorFault("the client's key is not the one of its certificate")
        }
    }

    func add(to channel: any Channel, host: String, _ handshake: EventLoopPromise<Void>) throws {
        // A certificate for an address is checked against that of the connection.
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        let handlers = channel.pipeline.syncOperations
        try handlers.addHandler(NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host))
        try handlers.addHandler(Handshake(handshake))
    }
}

/// Why there is no connection of TLS.
package struct TLSRefusal: Error, CustomStringConvertible {
    package let description: String
}

/// Waits until TLS is agreed on.
private final class Handshake: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let promise: EventLoopPromise<Void>
    private var timer: Scheduled<Void>?

    init(_ promise: EventLoopPromise<Void>) {
        self.promise = promise
    }

    func channelActive(context: ChannelHandlerContext) {
        timer = context.eventLoop.scheduleTask(in: Limits().handshakeDeadline) { [promise] in
            promise.fail(TLSRefusal(description: "the other side does not answer with TLS"))
        }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSUserEvent, case .handshakeCompleted = event {
            timer?.cancel()
            promise.succeed()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        timer?.cancel()
        promise.fail(TLSRefusal(description: TLSFault.text(of: error)))
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        promise.fail(TLSRefusal(description: "the other side left"))
        context.fireChannelInactive()
    }
}
