// SPDX-License-Identifier: Apache-2.0
// Settings in the terms of the client.

import MQTT
import MQTTClient

extension ClientSettings {
    /// What a connection to a target is made from.
    func configuration(to target: Target) -> MQTTConfiguration {
        let server: MQTTConfiguration.Server =
            target.port == 0
            ? .unix(path: target.host) : .tcp(host: target.host, port: target.port)
        var configuration = MQTTConfiguration(server, clientIdentifier: clientIdentifier ?? "")
        configuration.version = version
        configuration.userName = userName
        configuration.password = password
        configuration.isCleanStart = isCleanSession
        configuration.keepsCleanStart = true
        configuration.keepAliveSeconds = target.keepAlive
        configuration.bindAddress = bindAddress
        configuration.reconnection = nil
        configuration.renewsSubscriptions = false
        configuration.proxy = proxy
        configuration.speaksEarly = true
        configuration.isLenient = true
        configuration.isPatient = true
        configuration.limits.inFlightMax = sendMaximum
        configuration.limits.queuedMax = queuedMaximum
        configuration.limits.queuedBytesMax = queuedBytesMaximum
        if isV5 {
            configuration.receiveMaximum = receiveMaximum
            configuration.encodedProperties = connectProperties ?? []
        }
        // As long as a server may take to answer, so long may each step on the way to it.
        configuration.connectTimeoutSeconds =
            target.keepAlive == 0 ? 60 : UInt32(target.keepAlive)
        configuration.will = will.map { will in
            var made = MQTTWill(
                MQTTMessage(
                    topic: String(decoding: will.topic, as: UTF8.self),
                    payload: MQTTPayload(will.payload),
                    qos: MQTTQoS(rawValue: will.qos) ?? .atMostOnce,
                    isRetained: will.isRetained
                )
            )
            made.encodedProperties = will.properties
            return made
        }
        if isWebSocket {
            var webSocket = MQTTWebSocket(path: webSocketPath)
            webSocket.answerCountMax = webSocketHeaderMax
            configuration.webSocket = webSocket
        }
        if tls.isOn {
            configuration.tls = tls.configuration
            configuration.tlsAdditions.keyPassword = tls.password
            configuration.tlsAdditions.requiresStatus = tls.requiresStatus
            configuration.tlsAdditions.borrowed = tls.context
            configuration.tlsAdditions.changesBorrowed = tls.appliesDefaults
        }
        return configuration
    }
}

extension ClientTLSSettings {
    /// The same in the terms of the client.
    var configuration: MQTTTLS {
        var made = MQTTTLS()
        made.trustsSystem = trustsSystem
        made.authorityFile = authorityFile
        made.authorityFolder = authorityFolder
        made.certificateFile = certificateFile
        made.keyFile = keyFile
        made.preSharedKey = hasAuthority ? nil : preSharedKey
        made.minimumVersion = requiresTLS13 ? .v13 : .v12
        if requiresTLS13 { made.cipherSuites = ciphers } else { made.ciphers = ciphers }
        made.applicationProtocol = applicationProtocol
        made.ignoresHostName = ignoresHostName
        made.verifiesNothing = !verifies
        return made
    }
}
