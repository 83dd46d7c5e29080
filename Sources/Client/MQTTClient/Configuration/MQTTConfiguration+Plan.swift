// SPDX-License-Identifier: Apache-2.0
// A configuration in the terms of the network and of the protocol.

import MQTT
import Net
import Results

extension MQTTConfiguration {
    /// Steps of handshakes that would keep a reactor waiting; its threads start with the first of them.
    private static let handshakes = try? HandshakePool(threadCount: 1)

    /// Where the connections go, and how; reads the files of TLS, so it may block.
    func outgoingPlan() throws(MQTTError) -> OutgoingPlan {
        var plan: OutgoingPlan
        switch server {
        case .tcp(let host, let port):
            plan = OutgoingPlan(to: .host(host, port: port))
            plan.bindAddress = bindAddress
            plan.proxy = proxy.map {
                SOCKSProxy(
                    host: $0.host,
                    port: $0.port,
                    userName: $0.userName,
                    password: $0.password
                )
            }
        case .unix(let path): plan = OutgoingPlan(to: .unix(path: path))
        }
        plan.stepTimeout = timeoutMilliseconds
        if let webSocket {
            guard var target = WebSocketTarget(path: webSocket.path, headers: webSocket.headers)
            else { throw .configuration("'\(webSocket.path)' is no path of a WebSocket") }
            target.answerCountMax = webSocket.answerCountMax
            plan.webSocket = target
        }
        if let tls { plan.tls = try Self.context(tls, tlsAdditions) }
        return plan
    }

    /// Milliseconds that a step may take, at least one.
    var timeoutMilliseconds: Int64 { max(1, Int64(connectTimeoutSeconds) * 1000) }

    private static func context(
        _ tls: MQTTTLS,
        _ additions: TLSAdditions
    ) throws(MQTTError) -> TLSContext {
        guard tls.engine == nil else {
            throw .notSupported("OpenSSL engines are not supported")
        }
        guard let handshakes else { throw .tls("no descriptor is left") }
        var options = TLSClientOptions()
        options.prefix = ""
        options.authorityFile = tls.authorityFile
        options.authorityDirectory = tls.authorityFolder
        options.usesSystemAuthorities = tls.trustsSystem
        options.certificateFile = tls.certificateFile
        options.keyFile = tls.keyFile
        options.ignoresHostName = tls.ignoresHostName
        options.verifiesNothing = tls.verifiesNothing
        options.applicationProtocol = tls.applicationProtocol
        options.requiresTLS13 = tls.minimumVersion == .v13
        options.ciphers = tls.ciphers
        options.cipherSuites = tls.cipherSuites
        options.keyLogFile = tls.keyLogFile
        options.keyPassword = additions.keyPassword
        options.requiresStatus = additions.requiresStatus
        options.borrowed = additions.borrowed
        options.changesBorrowed = additions.changesBorrowed
        options.preSharedKey = tls.preSharedKey.map {
            TLSClientOptions.PreSharedKey(identity: $0.identity, key: $0.key)
        }
        do throws(TLSError) {
            return try TLSContext(client: options, pool: handshakes)
        } catch {
            throw .tls(error.lines.joined(separator: "\n"))
        }
    }

    /// CONNECT; a client that comes back goes on with its session.
    func connectPacket(
        isFirst: Bool,
        clientIdentifier: String,
        authenticationData: [UInt8]?
    ) -> ConnectPacket {
        var packet = ConnectPacket(
            version: version.wireVersion,
            clientIdentifier: clientIdentifier
        )
        packet.keepAlive = keepAliveSeconds
        packet.userName = userName
        packet.password = password
        packet.will = will?.packet(isV5: version == .v5)
        guard version == .v5 else {
            // Before 5.0 the flag says as well that the session ends with the connection.
            packet.isCleanStart = isCleanStart
            return packet
        }
        packet.isCleanStart = (isFirst || keepsCleanStart) && isCleanStart
        packet.sessionExpiryInterval = sessionExpirySeconds
        packet.receiveMaximum = receiveMaximum
        packet.maximumPacketSize = maximumPacketSize
        packet.topicAliasMaximum = topicAliasMaximum
        packet.requestProblemInformation = requestsProblemInformation
        packet.requestResponseInformation = requestsResponseInformation
        packet.authenticationMethod = authentication?.method
        packet.authenticationData = authenticationData
        packet.adopt(encodedProperties)
        var writer = PropertyWriter(packet.userProperties)
        for property in userProperties {
            writer.appendUserProperty(name: property.name, value: property.value)
        }
        packet.userProperties = writer.bytes
        return packet
    }

    /// A client identifier where the client must have one [MQTT311-3.1.3-8].
    static func freshClientIdentifier() -> String {
        let characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        return "mosq-" + String((0..<18).compactMap { _ in characters.randomElement() })
    }
}

extension ConnectPacket {
    /// Takes over encoded properties as they are, and those that the client must know of into their fields.
    fileprivate mutating func adopt(_ encoded: [UInt8]) {
        leadingProperties = encoded
        let bytes = encoded.rawBytes
        var walk = PropertyIterator(bytes)
        while let property = walk.next() {
            switch (property.identifier, property.value) {
            case (.sessionExpiryInterval, .fourByteInteger(let value)):
                sessionExpiryInterval = value
            case (.receiveMaximum, .twoByteInteger(let value)): receiveMaximum = value
            case (.maximumPacketSize, .fourByteInteger(let value)): maximumPacketSize = value
            case (.topicAliasMaximum, .twoByteInteger(let value)): topicAliasMaximum = value
            case (.requestProblemInformation, .byte(let value)):
                requestProblemInformation = value != 0
            case (.requestResponseInformation, .byte(let value)):
                requestResponseInformation = value != 0
            case (.authenticationMethod, .string(let range)):
                authenticationMethod = UnsafeLoad.string(bytes, range)
            case (.authenticationData, .binary(let range)):
                authenticationData = UnsafeLoad.array(bytes, range)
            default: break
            }
        }
    }
}

extension MQTTWill {
    fileprivate func packet(isV5: Bool) -> Will {
        var will = Will(
            topic: Array(message.topic.utf8),
            payload: message.payload.array,
            qos: message.qos.rawValue,
            isRetained: message.isRetained
        )
        if isV5 {
            will.delayInterval = delaySeconds
            will.forwardedProperties = encodedProperties + message.encodedProperties
        }
        return will
    }
}
