import NIOCore
import NIOSSL
import NIOTLS

/// What a caller may do.
extension Connection {
    /// What a call may do, by who the caller is and by its token. Throws where its method needs more.
    func granted(_ route: Router.Route, _ metadata: Metadata) throws(Status) -> Roles {
        // Nearly every call: by who the caller is it may do everything, or nobody could tell more by a token.
        if roles == .all || (metadata.isEmpty && route.needs.isSubset(of: roles)) { return roles }
        let token = door.tokens == nil ? nil : Tokens.token(in: metadata)
        let byToken = token.flatMap { rolesByToken($0) }
        let granted = roles.union(byToken ?? [])
        guard !route.needs.isSubset(of: granted) else { return granted }
        let isKnown = isKnown || byToken != nil
        let refusal = door.refusal(
            of: route.name,
            needs: route.needs,
            roles: granted,
            isKnown: isKnown,
            hasToken: token != nil
        )
        door.refusals.notice("\(callerText): \(refusal.message)")
        throw refusal
    }

    /// A client sends one token with all of its calls.
    private func rolesByToken(_ token: String) -> Roles? {
        guard let tokens = door.tokens else { return nil }
        let version = tokens.currentVersion
        var token = token
        let isLast = token.withUTF8 { bytes in
            lastToken.map { $0.version == version && Tokens.areEqual($0.token, bytes) } ?? false
        }
        if isLast, let lastToken { return lastToken.roles }
        guard let roles = tokens.roles(of: token) else { return nil }
        lastToken = (Array(token.utf8), roles, version)
        return roles
    }

    private var callerText: String {
        if let uid = peer.uid { return "user \(uid)" }
        let name = certificateNames.first.map { " with the certificate \($0.prefix(Limits.shownOfName))" } ?? ""
        return "\(peer.client)\(name)"
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSUserEvent, case .handshakeCompleted = event { shookHands(context) }
        context.fireUserInboundEventTriggered(event)
    }

    private func shookHands(_ context: ChannelHandlerContext) {
        patience.shookHands(at: .now())
        keepPatience()
        guard door.tls?.asksForCertificate == true else { return }  // Whatever it has, nobody vouched for it.
        // A certificate that came was believed, or there would be no handshake.
        guard let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate() else { return }
        certificateNames = certificate.names
        roles = door.admission.roles(certificate: certificateNames)
        isKnown = true
    }
}

/// What went wrong with TLS, for people.
enum TLSFault {
    static func text(of error: any Error) -> String {
        let text = "\(error)"
        let causes: [(String, String)] = [
            ("CERTIFICATE_VERIFY_FAILED", "the certificate of the other side is signed by nobody who is believed here"),
            ("PEER_DID_NOT_RETURN_A_CERTIFICATE", "no client certificate came, and this door lets nobody in without"),
            ("CERTIFICATE_REQUIRED", "the other side asks for a client certificate"),
            ("UNKNOWN_CA", "the other side does not believe in the authority of this certificate"),
            ("CERTIFICATE_EXPIRED", "the other side says that this certificate has expired"),
            ("BAD_CERTIFICATE", "the other side refuses this certificate"),
            ("HTTP_REQUEST", "the other side speaks HTTP"),
            ("WRONG_VERSION_NUMBER", "the other side does not speak TLS"),
            ("UNSUPPORTED_PROTOCOL", "the other side speaks a version of TLS that is too old"),
            ("eofDuringHandshake", "the other side left"),
            ("EOF during handshake", "the other side left"),
            ("failedToValidateHostname", "the certificate of the other side is for another host"),
            ("unableToValidateCertificate", "the certificate of the other side is for another host"),
        ]
        return causes.first { text.contains($0.0) }?.1 ?? String(text.prefix(Limits.shownOfName))
    }
}
