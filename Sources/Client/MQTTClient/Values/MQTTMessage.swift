// SPDX-License-Identifier: Apache-2.0
// A message, on its way out or arrived.

/// A message: topic, payload, and how it travels.
public struct MQTTMessage: Sendable {
    /// The topic name, without wildcards.
    public var topic: String
    /// The application message.
    public var payload: MQTTPayload
    /// How surely it arrives; of one that has arrived, how it came.
    public var qos: MQTTQoS
    /// Whether the server is to retain it; of one that has arrived, whether the server had.
    public var isRetained: Bool
    /// Whether the server may have sent it before.
    public internal(set) var isDuplicate = false
    /// Most messages have none.
    private var box: PropertiesBox?

    /// Puts a message together.
    public init(
        topic: String,
        payload: MQTTPayload,
        qos: MQTTQoS = .atMostOnce,
        isRetained: Bool = false,
        properties: MQTTMessageProperties = MQTTMessageProperties()
    ) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.isRetained = isRetained
        self.properties = properties
    }

    /// A message that has arrived without properties.
    init(arrived topic: String, _ payload: MQTTPayload, qos: MQTTQoS, isRetained: Bool) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.isRetained = isRetained
    }

    /// What MQTT 5.0 says about it besides.
    public var properties: MQTTMessageProperties {
        get { box?.properties ?? MQTTMessageProperties() }
        set {
            box = newValue == MQTTMessageProperties() ? nil : PropertiesBox(properties: newValue)
        }
    }

    /// Its properties as packets have them, without their length.
    var encodedProperties: [UInt8] { box?.properties.encoded ?? [] }
}

/// The properties of a message that has some.
private final class PropertiesBox: Sendable {
    let properties: MQTTMessageProperties

    init(properties: MQTTMessageProperties) { self.properties = properties }
}
