// SPDX-License-Identifier: Apache-2.0
// A connection to the broker on which modules are administered.

import Glibc
import JSON
import MQTT
import MQTTClient
import ToolSupport

/// Why an answer did not come.
enum RequestError: Error, Equatable {
    /// The connection has a problem.
    case client(ClientError)
    /// The broker refused the subscription to the answers.
    case subscribeRefused(ReasonCode)
    /// The broker refused the request.
    case publishRefused(ReasonCode)
    /// The module has no topic at this broker.
    case endpointMissing
    /// The answer is no JSON at all.
    case notJSON
    /// The answer is JSON without responses.
    case noResponses
    /// The first response is not one.
    case invalidResponse
}

/// A connected client that asks modules and waits for their answers.
final class Session {
    private let client: MQTTConnection
    private let qos: UInt8
    private var subscribed: Set<String> = []

    /// Connects as the options say.
    init(_ options: ConnectionOptions) throws(ClientError) {
        client = try MQTTConnection(connecting: try options.clientOptions())
        qos = options.qos
    }

    /// The descriptor that becomes readable when the broker has something to say.
    var descriptor: CInt { client.descriptor }

    /// Subscribes to the answers of `module`, once per connection.
    func open(_ topics: ControlTopics, _ deadline: Deadline) throws(RequestError) {
        guard !subscribed.contains(topics.response) else { return }
        let reason: ReasonCode
        do {
            reason = try client.subscribe(to: topics.response, qos: qos, deadline)
        } catch {
            throw .client(error)
        }
        guard !reason.isError else { throw .subscribeRefused(reason) }
        subscribed.insert(topics.response)
    }

    /// Sends one command and waits for its response.
    func request(
        _ command: JSONValue,
        of module: ControlModule,
        _ deadline: Deadline
    ) throws(RequestError) -> JSONValue {
        let answer = try exchange(try Self.payload(command), module.topics, deadline)
        return try Self.response(in: answer)
    }

    /// Sends a request and waits for the next message on the topic of the answers.
    func exchange(
        _ payload: [UInt8],
        _ topics: ControlTopics,
        _ deadline: Deadline
    ) throws(RequestError) -> [UInt8] {
        client.discardMessages()
        let reason: ReasonCode
        do {
            reason = try client.publish(to: topics.request, payload: payload, qos: qos, deadline)
        } catch {
            throw .client(error)
        }
        guard !reason.isError else { throw .publishRefused(reason) }
        do {
            while true {
                let message = try client.receive(deadline)
                if message.topic == topics.response { return message.payload }
            }
        } catch {
            throw .client(error)
        }
    }

    /// The request for one command.
    static func payload(_ command: JSONValue) throws(RequestError) -> [UInt8] {
        let request = JSONValue.object([.init("commands", .array([command]))])
        let text = request.compactText
        return Array(text.utf8)
    }

    /// The first response of an answer.
    static func response(in payload: [UInt8]) throws(RequestError) -> JSONValue {
        guard let answer = JSONValue(parsing: payload) else { throw .notJSON }
        if answer["error"] != nil && answer["responses"] == nil { throw .endpointMissing }
        guard let responses = answer["responses"]?.elements else { throw .noResponses }
        guard let first = responses.first, first["command"]?.text != nil else {
            throw .invalidResponse
        }
        return first
    }

    /// Keeps the connection alive and takes in what has arrived.
    func keepAlive() throws(ClientError) { try client.keepAlive() }

    /// Ends the connection in good order.
    func disconnect() { client.disconnect() }
}

extension ConnectionOptions {
    /// The options in the form the client library takes them.
    func clientOptions() throws(ClientError) -> ClientOptions {
        guard ["pem", "engine"].contains(keyForm ?? "pem") else {
            throw .options("Problem setting key form, it must be one of 'pem' or 'engine'.")
        }
        if hasUnreadableFile {
            throw .options("Problem setting TLS options: File not found.")
        }
        guard tlsEngine == nil, keyForm != "engine" else {
            throw .tls("OpenSSL engines are not supported")
        }
        let address: BrokerAddress =
            if let unixSocket { .unix(path: unixSocket) } else {
                .tcp(host: host ?? "localhost", port: effectivePort)
            }
        var options = ClientOptions(address: address)
        options.bindAddress = bindAddress
        options.tls = tlsOptions
        options.webSocketPath = usesWebSocket ? "/mqtt" : nil
        options.proxy = proxy.map {
            SOCKSProxy(
                host: $0.host,
                port: $0.port,
                username: $0.username,
                password: $0.password
            )
        }
        options.version = version
        options.clientID = clientID ?? (version == .v5 ? "" : Self.freshClientID())
        options.username = username
        options.password = password.map { Array($0.utf8) }
        return options
    }

    /// A client identifier of one's own: MQTT 3.1 knows no other [MQTT311-3.1.3-8].
    private static func freshClientID() -> String {
        let characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        return "mosq-" + String((0..<18).compactMap { _ in characters.randomElement() })
    }

    /// Whether a file for TLS cannot be opened.
    private var hasUnreadableFile: Bool {
        guard usesTLS else { return false }
        return [caFile, certificateFile, keyFile].compactMap(\.self).contains {
            access($0, R_OK) != 0
        }
    }

    private var tlsOptions: TLSOptions? {
        guard usesTLS else { return nil }
        var tls = TLSOptions()
        tls.caFile = caFile
        tls.caPath = caPath
        tls.usesSystemCertificates = usesSystemCertificates
        tls.certificateFile = certificateFile
        tls.keyFile = keyFile
        tls.ciphers = ciphers
        tls.minimumVersion = tlsVersion
        tls.alpn = tlsALPN
        tls.isInsecure = isInsecure
        tls.psk = psk
        tls.pskIdentity = pskIdentity
        return tls
    }
}
