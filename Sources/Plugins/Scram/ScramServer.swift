// SPDX-License-Identifier: Apache-2.0
// The server's side of one SCRAM exchange, without any input or output.

import Encoding
import PasswordHash
import PluginSDK

/// What the server knows besides credentials.
struct ScramPolicy: Sendable, Equatable {
    /// The hash of the server's certificate (`tls-server-end-point`); `nil` if it is not known.
    var serverEndPoint: [UInt8]?
    /// What only the two ends of this connection know (`tls-exporter`); `nil` without TLS 1.3.
    var exporter: [UInt8]?

    /// Whether a client can bind its authentication to the connection.
    var offersBinding: Bool { serverEndPoint != nil || exporter != nil }

    /// The bytes of a type of channel binding; `nil` if it is not offered.
    func binding(ofType type: String) -> [UInt8]? {
        switch type {
        case "tls-server-end-point": serverEndPoint
        case "tls-exporter": exporter
        default: nil
        }
    }
}

/// One exchange (RFC 5802 section 3).
///
///     awaitingFirst -- client-first --> awaitingFinal -- client-final --> done
///
/// Any error ends it.
struct ScramServer: Sendable {
    /// What to do next.
    enum Step: Equatable {
        /// Send this and wait for the client.
        case challenge([UInt8])
        /// The user is who it says it is; send this.
        case success(user: [UInt8], data: [UInt8])
    }

    private struct Pending: Sendable {
        let user: [UInt8]
        let credential: ScramCredential
        let nonce: [UInt8]
        let binding: [UInt8]
        let transcript: [UInt8]
    }

    private enum State: Sendable {
        case awaitingFirst
        case awaitingFinal(Pending)
        case done
    }

    /// The mechanism the client chose.
    let mechanism: ScramMechanism
    /// Whether it is the variant that requires channel binding.
    private let requiresBinding: Bool
    private let policy: ScramPolicy
    private var state = State.awaitingFirst

    /// Begins an exchange; `requiresBinding` for the variant with `-PLUS`.
    init(mechanism: ScramMechanism, requiresBinding: Bool, policy: ScramPolicy) {
        self.mechanism = mechanism
        self.requiresBinding = requiresBinding
        self.policy = policy
    }

    /// The authentication method as the client named it.
    var method: String {
        mechanism.rawValue + (requiresBinding ? ScramMechanism.plusSuffix : "")
    }

    /// Takes a message of the client.
    ///
    /// `nonce` makes the server's part of the nonce, which tests replace.
    mutating func receive(
        _ message: [UInt8],
        credentials: CredentialFile,
        nonce: () -> [UInt8]? = ScramServer.freshNonce
    ) throws(ScramError) -> Step {
        defer { if case .awaitingFinal = state {} else { state = .done } }
        switch state {
        case .awaitingFirst:
            let first = try ClientFirstMessage(parsing: message, checking: checkFlag)
            // Acting as somebody else is not offered.
            guard first.isActingAsItself else { throw .otherError }
            var binding: [UInt8] = []
            if case .required(let type) = first.flag {
                binding = policy.binding(ofType: type) ?? []
            }
            guard let credential = credentials.credential(of: first.user, for: mechanism),
                let own = nonce()
            else { throw .noResources }
            let full = first.nonce + own
            let reply =
                Array("r=".utf8) + full
                + Array(",s=\(Base64.encode(credential.salt)),i=\(credential.iterations)".utf8)
            state = .awaitingFinal(
                Pending(
                    user: first.user,
                    credential: credential,
                    nonce: full,
                    binding: first.header + binding,
                    transcript: first.bare + [UInt8(ascii: ",")] + reply
                )
            )
            return .challenge(reply)
        case .awaitingFinal(let pending):
            state = .done
            let final = try ClientFinalMessage(parsing: message, proofLength: mechanism.hashLength)
            return try finish(pending, final)
        case .done:
            throw .otherError
        }
    }

    private func finish(
        _ pending: Pending,
        _ final: ClientFinalMessage
    ) throws(ScramError) -> Step {
        guard isEqualInConstantTime(final.channelBinding, pending.binding) else {
            throw .channelBindingsDontMatch
        }
        guard final.nonce == pending.nonce else { throw .otherError }
        let transcript = pending.transcript + [UInt8(ascii: ",")] + final.withoutProof
        guard let signature = mechanism.hmac(pending.credential.storedKey, transcript),
            let storedKey = mechanism.hash(zip(final.proof, signature).map { $0 ^ $1 }),
            let verifier = mechanism.hmac(pending.credential.serverKey, transcript)
        else { throw .noResources }
        guard isEqualInConstantTime(storedKey, pending.credential.storedKey) else {
            throw .invalidProof
        }
        return .success(user: pending.user, data: Array("v=\(Base64.encode(verifier))".utf8))
    }

    /// Checks the client's wish against the server's ability.
    ///
    /// A client that believes the server cannot bind although it can is under attack (RFC 5802 section 6).
    private func checkFlag(_ flag: ChannelBindingFlag) throws(ScramError) {
        switch flag {
        case .unsupported:
            if requiresBinding { throw .otherError }
        case .unused:
            if requiresBinding || policy.offersBinding { throw .serverDoesSupportChannelBinding }
        case .required(let type):
            guard policy.offersBinding else { throw .channelBindingNotSupported }
            guard policy.binding(ofType: type) != nil else { throw .unsupportedChannelBindingType }
        }
    }

    /// 24 random bytes as 32 printable ones.
    static func freshNonce() -> [UInt8]? {
        SystemRandom.bytes(24).map { Array(Base64.encode($0).utf8) }
    }
}
