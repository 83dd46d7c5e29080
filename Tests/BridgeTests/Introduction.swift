// SPDX-License-Identifier: Apache-2.0
// What bridges say in CONNECT, for the options they are given.

import TestSupport
import Testing

/// What a bridge says for options given.
struct Introduction: CustomTestStringConvertible, Sendable {
    let lines: String
    var notifies = false
    var version = Version.v4
    var isMarked = true
    var clean = false
    var keepAlive = 60
    var identifier = "r"
    var userName: String?
    var password: String?
    var properties: Bytes = []
    var will: Will?

    var testDescription: String { lines.isEmpty ? "no options" : lines }

    var bytes: Bytes {
        var bytes = Wire.connect(
            identifier,
            version,
            clean: clean,
            keepAlive: keepAlive,
            username: userName,
            password: password,
            properties: properties,
            will: will
        )
        guard isMarked, version != .v5 else { return bytes }
        // The level, behind the name, marks a bridge.
        bytes[2 + 2 + version.protocolName.utf8.count] |= 0x80
        return bytes
    }

    static let state = Will("$SYS/broker/connection/r/state", "0", qos: 1, retain: true)
    static let aliases: Bytes = [0x22, 0, 10]
    static let maximum20: Bytes = [0x21, 0, 20]

    static let all: [Introduction] = [
        Introduction(lines: ""),
        Introduction(lines: "", notifies: true, will: state),
        Introduction(lines: "try_private false", isMarked: false),
        Introduction(lines: "bridge_protocol_version mqttv31", version: .v3),
        Introduction(
            lines: "bridge_protocol_version mqttv31\ntry_private false",
            version: .v3,
            isMarked: false
        ),
        Introduction(lines: "cleansession true", clean: true),
        Introduction(lines: "cleansession true\nlocal_cleansession false", clean: true),
        Introduction(lines: "local_cleansession true"),
        Introduction(lines: "keepalive_interval 300", keepAlive: 300),
        Introduction(lines: "keepalive_interval 1", keepAlive: 5),
        Introduction(lines: "username u", userName: "u"),
        Introduction(
            lines: "remote_username u\nremote_password p",
            userName: "u",
            password: "p"
        ),
        Introduction(
            lines: "notification_topic n/t",
            notifies: true,
            will: Will("n/t", "0", qos: 1, retain: true)
        ),
        Introduction(lines: "notifications_local_only true", notifies: true),
        Introduction(
            lines: "bridge_protocol_version mqttv50",
            version: .v5,
            properties: aliases + maximum20
        ),
        Introduction(
            lines: "bridge_protocol_version mqttv50",
            notifies: true,
            version: .v5,
            properties: aliases + maximum20,
            will: state
        ),
        Introduction(
            lines: "bridge_protocol_version mqttv50\nbridge_max_topic_alias 0",
            version: .v5,
            properties: maximum20
        ),
        Introduction(
            lines: "bridge_protocol_version mqttv50\nbridge_max_topic_alias 300\n"
                + "bridge_receive_maximum 7\nbridge_session_expiry_interval 65536\nusername u",
            version: .v5,
            userName: "u",
            properties: [0x22, 1, 0x2C, 0x11, 0, 1, 0, 0, 0x21, 0, 7]
        ),
    ]
}
