// SPDX-License-Identifier: Apache-2.0
// What a window knows of one message.

/// How far one message has come on its way through a window.
@usableFromInline
package enum WindowState: UInt8, Sendable {
    /// Waits for a place in the send window, or for the client to come back.
    case queued
    /// Handed out to be sent; not sent yet.
    case taken
    /// PUBLISH with QoS 1 sent.
    case awaitingPuback
    /// PUBLISH with QoS 2 sent.
    case awaitingPubrec
    /// PUBREC has come; PUBREL is sent, or will be once the disk has that or the client is back.
    case awaitingPubcomp
    /// Received with QoS 2; the sender has yet to release it.
    case awaitingPubrel
    /// Over; its place is given back with those around it.
    case ended
}

/// One entry of a window, 8 bytes: never the message, which its owner keeps at the same place.
@usableFromInline
struct WindowEntry {
    /// Bytes of the payload.
    @usableFromInline var byteCount: UInt32
    /// Until the first PUBLISH goes out, the one that is wanted; 0 for QoS 0.
    @usableFromInline var identifier: UInt16
    @usableFromInline var state: WindowState
    /// Bits 0-1 QoS, 2 RETAIN, 3 received again, 4 received over an earlier connection.
    @usableFromInline var bits: UInt8

    @usableFromInline
    init(byteCount: Int, identifier: UInt16, state: WindowState, qos: UInt8, isRetained: Bool) {
        // A payload is shorter than a packet, which has at most 256 MiB.
        self.byteCount = UInt32(truncatingIfNeeded: byteCount)
        self.identifier = identifier
        self.state = state
        bits = qos | (isRetained ? 4 : 0)
        assert(byteCount >= 0 && byteCount <= UInt32.max, "a payload fits a packet")
        assert(qos <= 2, "QoS is 0 to 2")
    }

    var qos: UInt8 {
        get { bits & 3 }
        set { bits = bits & ~3 | newValue & 3 }
    }

    var isRetained: Bool {
        get { bits & 4 != 0 }
        set { bits = newValue ? bits | 4 : bits & ~4 }
    }

    var wasRepeated: Bool {
        get { bits & 8 != 0 }
        set { bits = newValue ? bits | 8 : bits & ~8 }
    }

    var isFromEarlierConnection: Bool {
        get { bits & 16 != 0 }
        set { bits = newValue ? bits | 16 : bits & ~16 }
    }
}

/// Arithmetic of packet identifiers, which run 1, 2 … 65535, 1 … [MQTT-2.2.1-4].
package enum PacketIdentifiers {
    /// How many there are.
    static let count = 0xFFFF

    /// The one behind another.
    /// [MQTT-4.3.2-1] [MQTT-4.3.3-1] [MQTT311-4.3.2-1] [MQTT311-4.3.3-1]
    @inline(__always)
    package static func next(_ identifier: UInt16) -> UInt16 {
        identifier == .max ? 1 : identifier &+ 1
    }

    /// How many steps lead from one to another, 0 to 65534.
    @inline(__always)
    static func distance(from first: UInt16, to second: UInt16) -> Int {
        let difference = Int(second) - Int(first)
        return difference < 0 ? difference + count : difference
    }
}
