// SPDX-License-Identifier: Apache-2.0
// The table of property identifiers.

/// What is known of one property identifier [MQTT5 table 2-4].
package struct PropertyInfo {
    package let identifier: CInt
    package let name: StaticString
    package let type: PropertyType
    /// A bit for each packet type that may carry it, numbered by `CMD_*` divided by 16.
    package let commands: UInt32

    /// Finds what is known of an identifier.
    package static func of(_ identifier: CInt) -> PropertyInfo? {
        table.first { $0.identifier == identifier }
    }

    /// Whether a packet of type `command` (`CMD_*`) may carry the property.
    package func isAllowed(in command: CInt) -> Bool {
        command >= 0x10 && command <= 0x100 && command & 0x0F == 0
            && commands & 1 << UInt32(command >> 4) != 0
    }

    static let table: [PropertyInfo] = [
        info(1, "payload-format-indicator", .byte, publish | will),
        info(2, "message-expiry-interval", .int32, publish | will),
        info(3, "content-type", .string, publish | will),
        info(8, "response-topic", .string, publish | will),
        info(9, "correlation-data", .binary, publish | will),
        info(11, "subscription-identifier", .variableInteger, publish | subscribe),
        info(17, "session-expiry-interval", .int32, connect | connack | disconnect),
        info(18, "assigned-client-identifier", .string, connack),
        info(19, "server-keep-alive", .int16, connack),
        info(21, "authentication-method", .string, connect | connack | auth),
        info(22, "authentication-data", .binary, connect | connack | auth),
        info(23, "request-problem-information", .byte, connect),
        info(24, "will-delay-interval", .int32, will),
        info(25, "request-response-information", .byte, connect),
        info(26, "response-information", .string, connack),
        info(28, "server-reference", .string, connack | disconnect),
        info(31, "reason-string", .string, all & ~(connect | publish | subscribe | unsubscribe)),
        info(33, "receive-maximum", .int16, connect | connack),
        info(34, "topic-alias-maximum", .int16, connect | connack),
        info(35, "topic-alias", .int16, publish),
        info(36, "maximum-qos", .byte, connack),
        info(37, "retain-available", .byte, connack),
        info(38, "user-property", .stringPair, all),
        info(39, "maximum-packet-size", .int32, connect | connack),
        info(40, "wildcard-subscription-available", .byte, connack),
        info(41, "subscription-identifier-available", .byte, connack),
        info(42, "shared-subscription-available", .byte, connack),
    ]

    private static let connect: UInt32 = 1 << 1
    private static let connack: UInt32 = 1 << 2
    private static let publish: UInt32 = 1 << 3
    private static let subscribe: UInt32 = 1 << 8
    private static let unsubscribe: UInt32 = 1 << 10
    private static let disconnect: UInt32 = 1 << 14
    private static let auth: UInt32 = 1 << 15
    private static let will: UInt32 = 1 << 16
    private static let all: UInt32 = 0x1_FFFE

    private static func info(
        _ identifier: CInt,
        _ name: StaticString,
        _ type: PropertyType,
        _ commands: UInt32
    ) -> PropertyInfo {
        PropertyInfo(identifier: identifier, name: name, type: type, commands: commands)
    }
}
