// SPDX-License-Identifier: Apache-2.0
// CONNECT as a value, and what a listener permits.

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
    /// Encoded properties that the encoder puts first, in their order; those of its own that are among them it
    /// leaves out.
    package var leadingProperties: [UInt8] = []
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
