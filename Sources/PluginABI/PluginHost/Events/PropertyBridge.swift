// SPDX-License-Identifier: Apache-2.0
// Encoded properties <-> lists of nodes that plugins read and write.

import CBrokerShims
import CMosquitto
import CommonLibrary
import MQTT
import PropertyLists

/// Turns encoded properties into a list and back.
enum PropertyBridge {
    /// What a list says; the intervals are not among the bytes.
    struct Encoded {
        var bytes: [UInt8] = []
        var messageExpiryInterval: UInt32?
        var willDelayInterval: UInt32 = 0
    }

    /// The command whose properties reach subscribers.
    private static let publish: CInt = 0x30

    /// The encoding of a list; what no PUBLISH may carry is left out, and topic aliases, which are the
    /// broker's own.
    ///
    /// Of properties that may be there once the first counts, and values that are none are left out:
    /// every receiver would have to close its connection [MQTT-4.13.1-1].
    static func encode(_ list: OpaquePointer?) -> Encoded {
        var result = Encoded()
        var seen: UInt64 = 0
        for node in PropertyList(list) where hasAllowedValue(node) {
            guard let identifier = Self.identifier(of: node) else { continue }
            let bit: UInt64 = 1 << UInt64(identifier.rawValue)
            assert(bit != 0, "identifiers are below 64")
            switch identifier {
            case .userProperty: break
            // One to each subscription that matches; the broker's own come behind.
            case .subscriptionIdentifier:
                guard node.pointee.value.i32 != 0 else { continue }
            default:
                guard seen & bit == 0 else { continue }
                seen |= bit
            }
            switch identifier {
            case .messageExpiryInterval:
                result.messageExpiryInterval = node.pointee.value.i32
                continue
            case .willDelayInterval:
                result.willDelayInterval = node.pointee.value.i32
                continue
            case .topicAlias: continue
            default: break
            }
            guard PropertyInfo.of(node.pointee.identifier)?.isAllowed(in: publish) == true else {
                continue
            }
            PropertyLists.append(node, to: &result.bytes)
        }
        return result
    }

    /// Encoded properties of another process without what no PUBLISH may carry.
    static func checked(_ encoded: [UInt8]) -> [UInt8] {
        guard !encoded.isEmpty else { return encoded }
        var list = encoded.withUnsafeBytes { PropertyLists.list($0) }
        defer { mosquitto_property_free_all(&list) }
        return encode(list).bytes
    }

    private static func identifier(of node: PropertyNode) -> PropertyIdentifier? {
        UInt8(exactly: node.pointee.identifier).flatMap { PropertyIdentifier(rawValue: $0) }
    }
}
