// SPDX-License-Identifier: Apache-2.0
// Enhanced authentication with SCRAM-SHA-256 and SCRAM-SHA-512.

import PluginSDK
import SafeFiles
import Synchronization

/// Authenticates MQTT 5.0 clients by SCRAM (RFC 5802, RFC 7677) with credentials from a file.
///
/// Options: `plugin_opt_credential_file FILE`; `plugin_opt_default_iterations N`, which users that do not exist are
/// told; `plugin_opt_server_certificate FILE` offers channel binding to the
/// certificate a TLS listener shows. A broken file stops the broker's start-up. On reload it leaves the old credentials
/// in force.
final class Scram: ThreadSafePlugin {
    static let name = "scram"

    static let optionNames: [String]? = [credentialKey, certificateKey, iterationsKey]

    private static let credentialKey = "credential_file"
    private static let certificateKey = "server_certificate"
    private static let iterationsKey = "default_iterations"
    private static let messageLengthMax = 8192
    private static let exchangesMax = 4096

    private struct State {
        var credentials: CredentialFile
        var policy: ScramPolicy
        var exchanges = ExchangeTable(countMax: Scram.exchangesMax)
    }

    private let broker: Broker
    private let state: Mutex<State>

    init(context: ThreadSafePluginContext) throws {
        broker = context.broker
        for option in context.options
        where ![Self.credentialKey, Self.certificateKey, Self.iterationsKey].contains(option.key) {
            broker.log(.error, "\(Self.name): Error: Unknown option '\(option.key)'.")
            throw ResultCode.invalid
        }
        let options = context.options
        let (credentials, policy) = try Self.load(options, secret: nil, broker: context.broker)
        state = Mutex(State(credentials: credentials, policy: policy))
        try context.on(.extendedAuthStart) { [self] event in start(&event) }
        try context.on(.extendedAuthContinue) { [self] event in resume(&event) }
        try context.on(.reload) { [self] event in
            reload(event.options.isEmpty ? options : event.options)
        }
    }

    // MARK: - Files

    /// Why options cannot be used.
    private struct Fault: Error {
        let option: String?
        let text: String
        var code = ResultCode.invalid
    }

    static func findings(about options: PluginOptions) -> [OptionFinding] {
        var findings: [OptionFinding] = []
        do throws(Fault) {
            _ = try load(options, secret: nil) {
                findings.append(OptionFinding(.success, option: credentialKey, text: $0))
            }
        } catch {
            findings.append(OptionFinding(error.code, option: error.option, text: error.text))
        }
        return findings
    }

    private static func load(
        _ options: PluginOptions,
        secret: [UInt8]?,
        broker: Broker
    ) throws(ResultCode) -> (CredentialFile, ScramPolicy) {
        do throws(Fault) {
            return try load(options, secret: secret) { broker.log(.warning, $0) }
        } catch {
            broker.log(.error, "\(name): \(error.text)")
            throw error.code
        }
    }

    private static func load(
        _ options: PluginOptions,
        secret: [UInt8]?,
        warn: (String) -> Void
    ) throws(Fault) -> (CredentialFile, ScramPolicy) {
        guard let path = options[credentialKey] else {
            throw Fault(option: nil, text: "Error: 'plugin_opt_\(credentialKey) FILE' is missing.")
        }
        let content: [UInt8]
        do throws(FileError) {
            content = try SensitiveFile.read(path, warn: warn)
        } catch {
            throw Fault(
                option: credentialKey,
                text: "Error: Unable to open credential file '\(path)': \(error.explanation).",
                code: .unknown
            )
        }
        var credentials: CredentialFile
        do throws(CredentialFileError) {
            credentials = try CredentialFile(parsing: content, path: path, secret: secret)
        } catch {
            throw Fault(option: credentialKey, text: error.message)
        }
        if let text = options[iterationsKey] {
            guard let count = CredentialFile.number(text.utf8),
                (4096...CredentialFile.iterationsMax).contains(count)
            else {
                throw Fault(
                    option: iterationsKey,
                    text: "Error: Invalid \(iterationsKey) '\(text)'. It is 4096 to"
                        + " \(CredentialFile.iterationsMax)."
                )
            }
            credentials.iterationsOfUnknownUsers = count
        }
        var policy = ScramPolicy()
        if let certificate = options[certificateKey] {
            guard let endPoint = ServerCertificate.endPoint(path: certificate) else {
                throw Fault(
                    option: certificateKey,
                    text: "Error: Unable to use certificate '\(certificate)'."
                )
            }
            policy.serverEndPoint = endPoint
        }
        return (credentials, policy)
    }

    private func reload(_ options: PluginOptions) {
        do {
            let secret = state.withLock { $0.credentials.secret }
            let (credentials, policy) = try Self.load(options, secret: secret, broker: broker)
            state.withLock { state in
                state.credentials = credentials
                state.policy = policy
            }
            broker.log(.info, "\(Self.name): \(credentials.count) verifiers")
        } catch {
            broker.log(.error, "\(Self.name): Error: Keeping the credentials read before.")
        }
    }

    // MARK: - Exchange

    private func start(_ event: inout ExtendedAuthEvent) -> ExtendedAuthAnswer {
        let (base, requiresBinding) = Self.split(event.method)
        guard let mechanism = ScramMechanism(rawValue: base) else { return .pass }
        var policy = state.withLock { $0.policy }
        policy.exporter = event.client.tlsExporterBinding
        if requiresBinding, !policy.offersBinding { return .pass }
        let exchange = ScramServer(
            mechanism: mechanism,
            requiresBinding: requiresBinding,
            policy: policy
        )
        return advance(exchange, &event)
    }

    private func resume(_ event: inout ExtendedAuthEvent) -> ExtendedAuthAnswer {
        // The original 2.0 does not repeat the method here, so the client decides whose step this is.
        let method = event.method
        let key = event.client.key
        let (hasBegun, exchange) = state.withLock {
            ($0.exchanges.contains(key), $0.exchanges.remove(key))
        }
        if !hasBegun, ScramMechanism(rawValue: Self.split(method).base) == nil { return .pass }
        guard let exchange, method.isEmpty || method == exchange.method else {
            return refuse(event.client, ScramError.otherError)
        }
        return advance(exchange, &event)
    }

    private func advance(
        _ exchange: ScramServer,
        _ event: inout ExtendedAuthEvent
    ) -> ExtendedAuthAnswer {
        var exchange = exchange
        let message = event.data.withUnsafeBufferPointer { Array($0) }
        do {
            guard message.count <= Self.messageLengthMax else { throw ScramError.invalidEncoding }
            let credentials = state.withLock { $0.credentials }
            switch try exchange.receive(message, credentials: credentials) {
            case .challenge(let data):
                keep(exchange, of: event.client.key, from: event.client.network)
                return .challenge(data)
            case .success(let user, let data):
                // A name given in CONNECT, or proved before, is not exchanged for another.
                let named = event.client.usernameBytes.withUnsafeBufferPointer { Array($0) }
                guard named == user || !event.client.hasUsername else {
                    throw ScramError.otherError
                }
                try event.client.setUsername(String(decoding: user, as: UTF8.self))
                return .success(data)
            }
        } catch {
            return refuse(event.client, error)
        }
    }

    private func refuse(_ client: borrowing Client, _ error: any Error) -> ExtendedAuthAnswer {
        let reason = (error as? ScramError)?.rawValue ?? "\(error)"
        broker.log(.notice, "\(Self.name): refused client \(client.id ?? "(none)"): e=\(reason)")
        broker.giveReason(reason)
        return .denyTelling(Array("e=\(reason)".utf8))
    }

    private func keep(_ exchange: ScramServer, of key: ClientKey, from party: [UInt8]) {
        state.withLock { $0.exchanges.insert(exchange, for: key, of: party) }
    }

    /// Takes `-PLUS` off a mechanism's name.
    private static func split(_ method: String) -> (base: String, requiresBinding: Bool) {
        let suffix = ScramMechanism.plusSuffix
        guard method.hasSuffix(suffix) else { return (method, false) }
        return (String(method.dropLast(suffix.count)), true)
    }
}

/// Makes `Scram` the plugin of this library.
@c public func mosquitto_swift_plugin() -> UnsafeRawPointer { Scram.entry }
