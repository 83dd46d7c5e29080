// SPDX-License-Identifier: Apache-2.0
// Which properties may stand where.

/// Where properties stand: a packet type, or the will in CONNECT.
///
/// The raw value is that of the packet type, and 0 for the will.
package enum PropertyScope: UInt8, Sendable, CaseIterable {
    /// Will properties in the payload of CONNECT.
    case will = 0
    /// CONNECT.
    case connect = 1
    /// CONNACK.
    case connack = 2
    /// PUBLISH.
    case publish = 3
    /// PUBACK.
    case puback = 4
    /// PUBREC.
    case pubrec = 5
    /// PUBREL.
    case pubrel = 6
    /// PUBCOMP.
    case pubcomp = 7
    /// SUBSCRIBE.
    case subscribe = 8
    /// SUBACK.
    case suback = 9
    /// UNSUBSCRIBE.
    case unsubscribe = 10
    /// UNSUBACK.
    case unsuback = 11
    /// DISCONNECT.
    case disconnect = 14
    /// AUTH.
    case auth = 15
}
