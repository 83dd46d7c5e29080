// SPDX-License-Identifier: Apache-2.0
// A message in the shape callbacks see: C string, payload with a NUL behind it, property list.

import CMosquitto
import Core
import Glibc
import MQTT
import PropertyLists

/// A message in memory of the malloc family, which callbacks may replace part by part.
struct MarshalledMessage: ~Copyable {
    private(set) var topic: UnsafeMutablePointer<CChar>?
    private(set) var payload: UnsafeMutableRawPointer?
    private(set) var payloadCount: UInt32
    private(set) var properties: OpaquePointer?
    private(set) var qos: UInt8
    private(set) var isRetained: Bool
    /// A callback has changed the flags, or put another topic or payload in place of the one it saw.
    private(set) var isReplaced = false

    /// Copies a message.
    init(_ message: Message) {
        let copies = message.withPublication { Self.copies($0) }
        self.init(copies)
    }

    /// Copies a publication.
    init(_ publication: borrowing UnsafePublication) {
        self.init(Self.copies(publication))
    }

    private init(_ copies: mosquitto_evt_message) {
        topic = copies.topic
        payload = copies.payload
        payloadCount = copies.payloadlen
        properties = copies.properties
        qos = copies.qos
        isRetained = copies.retain
    }

    private static func copies(
        _ publication: borrowing UnsafePublication
    ) -> mosquitto_evt_message {
        var copies = mosquitto_evt_message()
        copies.topic = copy(publication.topic)?.assumingMemoryBound(to: CChar.self)
        copies.payload = publication.payload.isEmpty ? nil : copy(publication.payload)
        copies.payloadlen = UInt32(publication.payload.count)
        copies.properties = PropertyLists.list(publication.properties)
        copies.qos = publication.qos
        copies.retain = publication.isRetained
        return copies
    }

    deinit {
        free(topic)
        free(payload)
        var list = properties
        mosquitto_property_free_all(&list)
    }

    /// Bytes with a NUL behind them.
    private static func copy(_ bytes: UnsafeRawBufferPointer) -> UnsafeMutableRawPointer? {
        guard let copy = malloc(bytes.count + 1) else { return nil }
        if let base = bytes.baseAddress { copy.copyMemory(from: base, byteCount: bytes.count) }
        copy.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self)
        return copy
    }

    /// The data of a message event; its pointers are this message's.
    func event(_ client: OpaquePointer) -> mosquitto_evt_message {
        var data = mosquitto_evt_message()
        data.client = client
        data.topic = topic
        data.payload = payload
        data.payloadlen = payloadCount
        data.properties = properties
        data.qos = qos
        data.retain = isRetained
        return data
    }

    /// The data of an access check.
    func accessCheck(_ client: OpaquePointer, _ kind: AccessKind) -> mosquitto_evt_acl_check {
        var data = mosquitto_evt_acl_check()
        data.client = client
        data.topic = UnsafePointer(topic)
        data.payload = UnsafeRawPointer(payload)
        data.payloadlen = payloadCount
        data.properties = properties
        data.access = kind.rawValue
        data.qos = qos
        data.retain = isRetained
        return data
    }

    /// The data of a request to a `$CONTROL` topic.
    func control(_ client: OpaquePointer) -> mosquitto_evt_control {
        var data = mosquitto_evt_control()
        data.client = client
        data.topic = UnsafePointer(topic)
        data.payload = UnsafeRawPointer(payload)
        data.payloadlen = payloadCount
        data.properties = properties
        data.qos = qos
        data.retain = isRetained
        return data
    }

    /// Takes over what a callback has replaced, and puts back what it may not change.
    mutating func adopt(_ data: inout mosquitto_evt_message, changesQoS: Bool) {
        if let new = data.topic, new != topic {
            free(topic)
            topic = new
            isReplaced = true
        }
        if data.payload != payload {
            free(payload)
            payload = data.payload
            payloadCount = data.payload == nil ? 0 : data.payloadlen
            isReplaced = true
        }
        if data.properties != properties {
            mosquitto_property_free_all(&properties)
            properties = data.properties
        }
        if data.retain != isRetained {
            isRetained = data.retain
            isReplaced = true
        }
        if changesQoS, data.qos != qos, data.qos <= 2 {
            qos = data.qos
            isReplaced = true
        }
        data.topic = topic
        data.payloadlen = payloadCount
        data.qos = qos
    }

    private static func areSame(
        _ one: UnsafeRawBufferPointer,
        _ other: UnsafeRawBufferPointer
    ) -> Bool {
        guard one.count == other.count else { return false }
        guard let first = one.baseAddress, let second = other.baseAddress else { return true }
        return memcmp(first, second, one.count) == 0
    }

    /// Sets the QoS and retain flag that callbacks see.
    mutating func set(qos: UInt8, isRetained: Bool) {
        self.qos = qos
        self.isRetained = isRetained
    }

    /// What became of the message that was marshalled.
    enum Result {
        case unchanged
        case replaced(Message)
        /// The topic is none that can be published on.
        case invalidTopic
    }

    /// The message to go on with in place of `original`.
    ///
    /// What callbacks have left counts, also where they have written into what they were shown.
    func result(replacing original: Message) -> Result {
        guard let topic else { return .unchanged }
        let encoded = PropertyBridge.encode(properties)
        let topicBytes = UnsafeRawBufferPointer(start: topic, count: strlen(topic))
        let payloadBytes = UnsafeRawBufferPointer(start: payload, count: Int(payloadCount))
        let isSame = original.withPublication { original in
            encoded.messageExpiryInterval == nil
                && original.properties.elementsEqual(encoded.bytes)
                && Self.areSame(original.topic, topicBytes)
                && Self.areSame(original.payload, payloadBytes)
        }
        if !isReplaced, isSame { return .unchanged }
        guard isValidTopicName(RawSpan(_unsafeBytes: topicBytes)) else { return .invalidTopic }
        assert(payload != nil || payloadCount == 0, "what is not there has no length")
        let interval = encoded.messageExpiryInterval
        let end = Expiry.second(after: interval, from: MonotonicTime.reactorSeconds())
        let expiresAt = end == Expiry.never ? original.expiresAt : end
        return encoded.bytes.withUnsafeBytes { propertyBytes in
            .replaced(
                Message.make(
                    UnsafePublication(
                        topic: topicBytes,
                        properties: propertyBytes,
                        payload: payloadBytes,
                        qos: qos,
                        isRetained: isRetained,
                        expiresAt: expiresAt,
                        origin: original.origin
                    )
                )
            )
        }
    }
}
