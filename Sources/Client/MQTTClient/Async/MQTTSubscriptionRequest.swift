// SPDX-License-Identifier: Apache-2.0
// What a client asks for when it subscribes.

/// What is asked of a server for one topic filter (5.0 section 3.8.3.1).
public struct MQTTSubscriptionRequest: Sendable, Hashable {
    /// Which retained messages the server sends when the subscription is made.
    public enum Retained: UInt8, Sendable, Hashable {
        /// Those that match, each time.
        case always = 0
        /// Those that match, if there was no such subscription.
        case ifNew = 1
        /// None.
        case never = 2
    }

    /// The topic filter, which may have wildcards and begin with `$share/NAME/`.
    public var filter: String
    /// The highest QoS that messages are to come with.
    public var qos: MQTTQoS
    /// Whether the client's own messages are not sent back to it.
    public var isNoLocal: Bool
    /// Whether messages keep the RETAIN flag they were published with.
    public var isRetainAsPublished: Bool
    /// Which retained messages come.
    public var retained: Retained

    /// Asks for one topic filter; the last three need 5.0.
    public init(
        _ filter: String,
        qos: MQTTQoS = .atMostOnce,
        isNoLocal: Bool = false,
        isRetainAsPublished: Bool = false,
        retained: Retained = .always
    ) {
        self.filter = filter
        self.qos = qos
        self.isNoLocal = isNoLocal
        self.isRetainAsPublished = isRetainAsPublished
        self.retained = retained
    }
}
