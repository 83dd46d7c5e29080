// SPDX-License-Identifier: Apache-2.0
// CONNECT as a value, and how a broker refuses one.

/// A will message in CONNECT (5.0 section 3.1.3.2).
package struct Will: Sendable, Equatable {
    /// The topic name, as sent, without mount point.
    package var topic: [UInt8]
    /// The application message.
    package var payload: [UInt8]
    /// The quality of service, 0 to 2.
    package var qos: UInt8
    /// The RETAIN flag.
    package var isRetained: Bool
    /// Seconds between the end of the connection and publication.
    package var delayInterval: UInt32
    /// Seconds from publication.
    package var messageExpiryInterval: UInt32?
    /// The encoded properties that go with the message, in their order.
    package var forwardedProperties: [UInt8]

    /// Makes a will.
    package init(
        topic: [UInt8],
        payload: [UInt8] = [],
        qos: UInt8 = 0,
        isRetained: Bool = false,
        delayInterval: UInt32 = 0,
        messageExpiryInterval: UInt32? = nil,
        forwardedProperties: [UInt8] = []
    ) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.isRetained = isRetained
        self.delayInterval = delayInterval
        self.messageExpiryInterval = messageExpiryInterval
        self.forwardedProperties = forwardedProperties
    }
}

/// CONNECT (5.0 section 3.1).
package struct ConnectPacket: Sendable, Equatable {
    /// The protocol version.
    package var version: ProtocolVersion
    /// Whether bit 7 of the version byte marks the client as a bridge; 3.1 and 3.1.1 only.
    package var isBridge = false
    /// Clean start in 5.0, clean session before.
    package var isCleanStart = true
    /// Seconds, 0 for none.
    package var keepAlive: UInt16 = 60
    /// The client identifier; empty when the broker is to choose one.
    package var clientIdentifier: String
    /// The user name.
    package var userName: String?
    /// The password, any bytes.
    package var password: [UInt8]?
    /// The will.
    package var will: Will?
    /// Seconds the session outlives the connection; 0 when absent, 0xFFFFFFFF for ever.
    package var sessionExpiryInterval: UInt32 = 0
    /// How many QoS 1 and 2 messages the client takes at once.
    package var receiveMaximum: UInt16?
    /// The most bytes of a packet the client takes.
    package var maximumPacketSize: UInt32?
    /// The highest topic alias the client takes, 0 when absent.
    package var topicAliasMaximum: UInt16 = 0
    /// Whether the client wants response information.
    package var requestResponseInformation = false
    /// Whether the client wants reason strings everywhere.
    package var requestProblemInformation = true
    /// The encoded user properties.
    package var userProperties: [UInt8] = []
    /// The authentication method.
    package var authenticationMethod: String?
    /// The authentication data.
    package var authenticationData: [UInt8]?
    /// All properties as they were sent, without length; not looked at by the encoder.
    package var properties: [UInt8] = []
    /// The will's properties as they were sent, without length; not looked at by the encoder.
    package var willProperties: [UInt8] = []

    /// Makes a packet with the defaults of the protocol, to be encoded.
    package init(version: ProtocolVersion, clientIdentifier: String) {
        self.version = version
        self.clientIdentifier = clientIdentifier
    }
}

/// What a listener permits, as far as it decides on refusals in the middle of a CONNECT.
package struct ConnectLimits: Sendable, Equatable {
    /// The versions the listener accepts.
    package var acceptedVersions: ProtocolVersionSet = .all
    /// The highest QoS of a will.
    package var maximumQoS: UInt8 = 2
    /// Whether a will may be retained.
    package var isRetainAvailable = true
    /// Whether a client may leave the choice of its identifier to the broker.
    package var allowsZeroLengthClientIdentifier = true
    /// The most bytes of a will's payload, 0 for no limit.
    package var messageSizeLimit = 0
    /// What is put in front of the will's topic.
    package var mountPoint: [UInt8] = []

    /// The limits of a listener without options.
    package init() {}
}

/// A CONNECT that is refused; the connection ends.
package struct ConnectError: Error, Sendable {
    /// What the client is sent before its connection is closed.
    package enum Answer: Sendable, Equatable {
        /// Nothing.
        case close
        /// A CONNACK in the form of 3.1 and 3.1.1 with this code.
        case connackV3(UInt8)
        /// A CONNACK in the form of 5.0.
        case connackV5(ReasonCode)
    }

    /// What the client is sent.
    package let answer: Answer
    /// What is wrong, for the log.
    package let detail: StaticString

    /// Makes an error.
    package init(answer: Answer, detail: StaticString) {
        self.answer = answer
        self.detail = detail
    }
}
