// SPDX-License-Identifier: Apache-2.0
// Names that do not come from CONNECT: of certificates, pre-shared keys and proxies.

import Config
import Log
import MQTT
import Net
import Results

/// Who vouches for the name of a client.
package enum IdentityProof: Sendable {
    /// Nobody: the client claims it, and a password or a plugin must prove it.
    case none
    /// The proxy in front of the broker; the client's own password does not count.
    case proxy
    /// The client's certificate or pre-shared key: nothing is left to check.
    case transport
    /// The configuration of this broker: it is a bridge of its own, and nobody is asked what it may do.
    case ownBridge
    /// An earlier process, which has let the client in; its password is not kept.
    case restored
    /// There should be a name but it was not told: the client must not come in.
    case missing
}

extension Client {
    /// The name a client comes in with: of its certificate or pre-shared key where the listener takes
    /// names from there, else the one its proxy vouches for, else what CONNECT says.
    ///
    /// An empty name in CONNECT is none.
    func findUserName(
        _ packet: ConnectPacket,
        _ security: ConnectionSecurity?
    ) -> (name: String?, proof: IdentityProof) {
        let tls = listener.configuration.tls
        if listener.usesTLS, tls.useIdentityAsUsername || tls.useSubjectAsUsername {
            let name: String?
            if listener.configuration.pskHint != nil {
                name = security?.pskIdentity.flatMap { PeerCertificate.userName(Array($0.utf8)) }
            } else if tls.useIdentityAsUsername {
                name = security?.certificate?.commonName
            } else {
                name = security?.certificate?.subject
            }
            return (name, name == nil ? .missing : .transport)
        }
        if listener.configuration.enableProxyProtocol == 2, tls.useIdentityAsUsername {
            let name = security?.proxy?.provenCommonName.flatMap { PeerCertificate.userName($0) }
            return (name, name == nil ? .missing : .proxy)
        }
        return (packet.userName?.isEmpty == true ? nil : packet.userName, .none)
    }

    /// What a client gets that has no name where it needs one.
    func nameless(_ packet: ConnectPacket) -> ConnectError {
        ConnectError(
            answer: packet.version == .v5
                ? .connackV5(.badUserNameOrPassword) : .connackV3(.badUserNameOrPassword),
            detail: "no certificate or identity to take the user name from"
        )
    }

    /// `Connection from A:P negotiated V cipher C`, where a proxy says so.
    func logProxyTLS(_ security: ConnectionSecurity?, _ peer: PeerAddress) {
        guard let tls = security?.proxy, let version = tls.version, let cipher = tls.cipher else {
            return
        }
        log.notice(
            "Connection from \(peer.host):\(peer.port) negotiated \(version) cipher \(cipher)"
        )
    }
}

extension ClientEnd {
    /// A layer between socket and packets gave up.
    ///
    /// Its log line stands for the usual one.
    static func refused(_ error: TransportError) -> ClientEnd {
        switch error {
        case .handshake(let failure):
            let reason = failure.explanation ?? failure.error
            var end = ClientEnd(text: reason, code: ResultCode.tlsHandshake)
            end.isReasonNew = failure.explanation != nil
            end.line = { "Client connection from \($0.host) failed: \(failure.error)." }
            end.lineKind = .tlsFailed
            return end
        case .tls(let reason): return ClientEnd(text: "TLS error: \(reason)", code: ResultCode.tls)
        case .webSocket(let reason): return ClientEnd(text: reason, code: ResultCode.protocolError)
        case .proxy(let failure): return refused(failure)
        }
    }

    private static func refused(_ failure: ProxyHeader.Failure) -> ClientEnd {
        var end = ClientEnd(text: "invalid PROXY header", code: ResultCode.proxy)
        switch failure {
        case .corrupt: end.line = { _ in "Connection rejected, corrupt PROXY header." }
        case .invalid:
            end.line = { _ in "Bad socket read/write on client <unknown>: Invalid input" }
        case .noTLS(let told):
            end.line = { own in
                let peer = told ?? own
                return
                    "Connection from \(peer.host):\(peer.port) rejected, client did not connect using TLS."
            }
        case .noCertificate(let told):
            end.line = { own in
                let peer = told ?? own
                return "Connection from \(peer.host):\(peer.port) rejected,"
                    + " client did not provide a certificate."
            }
        }
        return end
    }
}
