// SPDX-License-Identifier: Apache-2.0
// Everything a client needs to know before it connects.

import MQTT

/// Where to connect to, who one is, and how the client is to behave.
public struct MQTTConfiguration: Sendable {
    /// Where a server listens.
    public enum Server: Sendable, Hashable {
        /// A host name or an address in numbers, and a port.
        case tcp(host: String, port: UInt16)
        /// The path of a Unix domain socket.
        case unix(path: String)
    }

    /// Where the server listens.
    public var server: Server
    /// The version of the protocol.
    public var version = MQTTVersion.v5
    /// The client identifier; empty has the server choose one, with 3.1 the client.
    public var clientIdentifier: String
    /// The user name.
    public var userName: String?
    /// The password.
    public var password: [UInt8]?
    /// Whether a session of the past is forgotten when the client connects for the first time.
    ///
    /// When it connects again by itself, it goes on with its session in any case.
    public var isCleanStart = true
    /// Seconds for which the server keeps the session when the connection has ended; `.max` for ever.
    ///
    /// Only with 5.0; before, a session is kept if `isCleanStart` is false.
    public var sessionExpirySeconds: UInt32 = 0
    /// Seconds without traffic after which the client shows that it is there; 0 for never.
    public var keepAliveSeconds: UInt16 = 60
    /// QoS 1 and 2 messages that the server may have under way to the client; nil leaves it at 65,535.
    public var receiveMaximum: UInt16?
    /// The most bytes of a packet that the server may send; nil for any.
    public var maximumPacketSize: UInt32?
    /// The highest topic alias that the server may use, 0 for none.
    public var topicAliasMaximum: UInt16 = 0
    /// Topic aliases that the client uses towards the server, if that takes so many.
    public var outgoingTopicAliasMaximum: UInt16 = 0
    /// Whether the server may say in words why something was not done.
    public var requestsProblemInformation = true
    /// Whether the server is asked for the basis of response topics.
    public var requestsResponseInformation = false
    /// User properties of CONNECT.
    public var userProperties: [MQTTUserProperty] = []
    /// What the server publishes when the client is gone without a word.
    public var will: MQTTWill?
    /// How the client proves who it is beyond name and password (5.0 section 4.12).
    public var authentication: (any MQTTAuthentication)?
    /// TLS; nil for plain text.
    public var tls: MQTTTLS?
    /// MQTT in a WebSocket; nil for bare MQTT.
    public var webSocket: MQTTWebSocket?
    /// A proxy to go through; not for Unix domain sockets.
    public var proxy: MQTTProxy?
    /// The local address to connect from, as name or number.
    public var bindAddress: String?
    /// Seconds that each step on the way to the server may take, and the answer to CONNECT.
    public var connectTimeoutSeconds: UInt32 = 60
    /// How a connection that was lost is made again; nil: it is not.
    public var reconnection: MQTTReconnection? = MQTTReconnection()
    /// Messages that may wait and be under way.
    public var limits = MQTTQueueLimits()
    /// What is to be said about TLS besides.
    package var tlsAdditions = TLSAdditions()
    /// Further properties of CONNECT, encoded.
    package var encodedProperties: [UInt8] = []
    /// Whether `isCleanStart` holds for every connection, not for the first alone.
    package var keepsCleanStart = false
    /// Whether packets follow CONNECT at once, as 5.0 allows in section 3.1.4, where they need no answer.
    package var speaksEarly = false
    /// Whether oddities of a server are taken that harm nobody, and what it says it lacks is asked for all the
    /// same.
    package var isLenient = false
    /// Whether messages are taken however slowly the server takes them, as far as `limits` allow.
    package var isPatient = false
    /// Whether the subscriptions are made again when the server has lost the session.
    package var renewsSubscriptions = true

    /// A client of a server, with what is usual.
    public init(_ server: Server, clientIdentifier: String = "") {
        self.server = server
        self.clientIdentifier = clientIdentifier
    }
}

/// What the server publishes when a client is gone without a word (5.0 section 3.1.2.5).
public struct MQTTWill: Sendable {
    /// The message.
    public var message: MQTTMessage
    /// Seconds that the client has to come back before; only with 5.0.
    public var delaySeconds: UInt32
    /// Further properties, encoded.
    package var encodedProperties: [UInt8] = []

    /// Makes a will.
    public init(_ message: MQTTMessage, delaySeconds: UInt32 = 0) {
        self.message = message
        self.delaySeconds = delaySeconds
    }
}

/// How MQTT is carried in a WebSocket (5.0 section 6).
public struct MQTTWebSocket: Sendable {
    /// The path of the request, with its query.
    public var path: String
    /// Further header fields of the request.
    public var headers: [(name: String, value: String)]
    /// Bytes of the server's answer at most.
    package var answerCountMax = 16 << 10

    /// Names a path.
    public init(path: String = "/mqtt", headers: [(name: String, value: String)] = []) {
        self.path = path
        self.headers = headers
    }
}

/// How much may wait in a client.
public struct MQTTQueueLimits: Sendable, Hashable {
    /// QoS 1 and 2 messages under way to the server; it may take fewer.
    public var inFlightMax = 20
    /// Messages that wait to be sent.
    public var queuedMax = 1000
    /// Payload bytes that wait to be sent; one message may be longer.
    public var queuedBytesMax = 16 << 20
    /// Messages that have arrived and nobody has taken; then nothing more is read from the server.
    public var receivedMax = 1000
    /// Payload bytes of such messages; one message may be longer.
    public var receivedBytesMax = 16 << 20

    /// What is usual.
    public init() {}
}
