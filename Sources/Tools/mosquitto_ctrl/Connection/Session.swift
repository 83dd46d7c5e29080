// SPDX-License-Identifier: Apache-2.0
// A connection to the broker on which modules are administered.

import Encoding
import Glibc
import JSON
import MQTT
import MQTTClient
import ToolSupport

/// Why an answer did not come.
enum RequestError: Error, Equatable {
    /// The connection has a problem.
    case client(MQTTError)
    /// The broker refused the subscription to the answers.
    case subscribeRefused(MQTTReasonCode)
    /// The broker refused the request.
    case publishRefused(MQTTReasonCode)
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
    private let client: BlockingClient
    private let qos: UInt8
    private var subscribed: Set<String> = []

    /// Connects as the options say.
    init(_ options: ConnectionOptions) throws(MQTTError) {
        client = try BlockingClient(connecting: try options.configuration())
        qos = options.qos
    }

    /// The descriptor that becomes readable when the broker has something to say.
    var descriptor: CInt { client.descriptor }

    /// Subscribes to the answers of `module`, once per connection.
    func open(_ topics: ControlTopics, _ deadline: Deadline) throws(RequestError) {
        guard !subscribed.contains(topics.response) else { return }
        let reason: MQTTReasonCode
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
        let reason: MQTTReasonCode
        do {
            reason = try client.publish(to: topics.request, payload: payload, qos: qos, deadline)
        } catch {
            throw .client(error)
        }
        guard !reason.isError else { throw .publishRefused(reason) }
        do {
            while true {
                let message = try client.receive(deadline)
                if message.topic == topics.response { return Array(message.payload) }
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
    func keepAlive() throws(MQTTError) { try client.keepAlive() }

    /// Ends the connection in good order.
    func disconnect() { client.disconnect() }
}

extension MQTTError {
    /// The error in words, without the address, which the user has just named.
    var words: String {
        if case .unreachable(_, let code) = self {
            String(cString: strerror(code))
        } else {
            description
        }
    }
}

extension ConnectionOptions {
    /// The options in the form the client library takes them.
    func configuration() throws(MQTTError) -> MQTTConfiguration {
        guard ["pem", "engine"].contains(keyForm ?? "pem") else {
            throw .configuration("Problem setting key form, it must be one of 'pem' or 'engine'.")
        }
        if hasUnreadableFile {
            throw .configuration("Problem setting TLS options: File not found.")
        }
        guard tlsEngine == nil, keyForm != "engine" else {
            throw .notSupported("OpenSSL engines are not supported")
        }
        let server: MQTTConfiguration.Server =
            if let unixSocket { .unix(path: unixSocket) } else {
                .tcp(host: host ?? "localhost", port: effectivePort)
            }
        var configuration = MQTTConfiguration(server, clientIdentifier: clientID ?? "")
        configuration.bindAddress = bindAddress
        configuration.tls = try tls()
        configuration.webSocket = usesWebSocket ? MQTTWebSocket() : nil
        configuration.proxy = proxy.map {
            MQTTProxy(
                host: $0.host,
                port: $0.port,
                userName: $0.username,
                password: $0.password
            )
        }
        configuration.version = mqttVersion
        if clientID == nil, version != .v5 {
            configuration.clientIdentifier = Self.freshClientID()
        }
        configuration.userName = username
        configuration.password = password.map { Array($0.utf8) }
        return configuration
    }

    private var mqttVersion: MQTTVersion {
        switch version {
        case .v31: .v31
        case .v311: .v311
        case .v5: .v5
        }
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

    private func tls() throws(MQTTError) -> MQTTTLS? {
        guard usesTLS else { return nil }
        var tls = MQTTTLS(authorityFile: caFile)
        tls.authorityFolder = caPath
        tls.trustsSystem = usesSystemCertificates || (caFile == nil && caPath == nil)
        tls.certificateFile = certificateFile
        tls.keyFile = keyFile
        tls.ciphers = ciphers
        switch tlsVersion {
        case nil, "tlsv1.2": break
        case "tlsv1.3": tls.minimumVersion = .v13
        case .some:
            throw .configuration(
                "Problem setting TLS options, check the options are valid."
            )
        }
        tls.applicationProtocol = tlsALPN
        tls.ignoresHostName = isInsecure
        if let psk {
            guard let key = Hexadecimal.decode(psk.utf8, allowsOddCount: true) else {
                throw .configuration("Problem setting TLS-PSK options.")
            }
            tls.preSharedKey = MQTTTLS.PreSharedKey(identity: pskIdentity ?? "", key: key)
        }
        return tls
    }
}
