// SPDX-License-Identifier: Apache-2.0
// What a log line is about, beside its text.

/// What a log line is about, as values that programs can read; what a line has nothing to say about
/// is nil.
///
/// Values are the peer's bytes as they came: each form of the log escapes them as it must, and cuts
/// them to `valueBytesMax`.
package struct LogFields: Sendable, Equatable {
    /// Bytes of one value that are written.
    package static let valueBytesMax = 999

    /// The kind of line.
    package var event: LogLineKind?
    /// The client identifier.
    package var clientIdentifier: String?
    /// The user name in force.
    package var userName: String?
    /// The peer's address, or the path of a Unix socket.
    package var address: String?
    /// The peer's port; nil for Unix sockets.
    package var port: Int?
    /// The listener: its port, or the path of its Unix socket.
    package var listener: String?
    /// Why, in a few words without a full stop.
    package var reason: String?
    /// The plugin that decided.
    package var plugin: String?
    /// The topic name or filter.
    package var topic: String?

    /// Fields of a line of this kind, or of none.
    package init(_ event: LogLineKind? = nil, reason: String? = nil) {
        self.event = event
        self.reason = reason
    }

    /// Calls `body` with every value there is: its name in JSON and logfmt, and in the journal.
    func visit(_ body: (_ name: StaticString, _ journalName: StaticString, String) -> Void) {
        func give(_ name: StaticString, _ journalName: StaticString, _ value: String?) {
            if let value { body(name, journalName, Self.cut(value)) }
        }
        give("event", "MQTT_EVENT", event?.rawValue)
        give("client_id", "MQTT_CLIENT_ID", clientIdentifier)
        give("username", "MQTT_USERNAME", userName)
        give("address", "MQTT_ADDRESS", address)
        give("port", "MQTT_PORT", port.map { String($0) })
        give("listener", "MQTT_LISTENER", listener)
        give("reason", "MQTT_REASON", reason)
        give("plugin", "MQTT_PLUGIN", plugin)
        give("topic", "MQTT_TOPIC", topic)
    }

    /// The value up to the limit, never ending inside a character.
    private static func cut(_ value: String) -> String {
        guard value.utf8.count > valueBytesMax else { return value }
        var end = value.utf8.index(value.startIndex, offsetBy: valueBytesMax)
        while end > value.startIndex, value.utf8[end] & 0xC0 == 0x80 {
            end = value.utf8.index(before: end)
        }
        let result = String(decoding: value.utf8[..<end], as: UTF8.self)
        assert(result.utf8.count <= valueBytesMax, "a value is cut to the limit")
        return result
    }
}
