// SPDX-License-Identifier: Apache-2.0
// How a bridge introduces itself to its remote, and what it learns from refusals.

import Config
import MQTT
import Results

/// What a bridge says in CONNECT, with what the remote has taught it by refusing it before.
///
/// What is learnt holds until the broker is restarted or the bridge configured anew: a remote that knows
/// no bridge bit or no 5.0 will not know them a minute later.
struct BridgeIntroduction {
    /// What a refusal means.
    struct Refusal: Equatable {
        /// The line for the log.
        let line: String
        /// Whether it is a notice, because the next attempt will do otherwise; an error if not.
        let isNotice: Bool
    }

    /// The version spoken next.
    private(set) var version: ProtocolVersion
    /// Whether the remote is told that this is a bridge; 5.0 has No Local instead.
    private(set) var isPrivate: Bool
    /// The highest QoS that the remote takes, as far as it has refused more.
    private(set) var maximumQoS: UInt8 = 2
    /// Whether the remote takes retained messages, as far as it has not refused one.
    private(set) var isRetainAvailable = true

    /// Begins as configured.
    init(_ bridge: BridgeConfiguration) {
        version =
            switch bridge.protocolVersion {
            case .mqttv31: .v31
            case .mqttv311: .v311
            case .mqttv50: .v5
            }
        isPrivate = bridge.tryPrivate
    }

    // MARK: CONNECT

    /// The CONNECT of the next attempt.
    ///
    /// - Parameters:
    ///   - inFlightMax: `max_inflight_messages`, told where the bridge has no `bridge_receive_maximum`; 0
    ///     for no limit
    ///   - brokerName: `bridge_loop_protection`
    func packet(
        _ bridge: BridgeConfiguration,
        inFlightMax: Int,
        brokerName: String? = nil
    ) -> ConnectPacket {
        var packet = ConnectPacket(version: version, clientIdentifier: bridge.remoteClientid)
        packet.isBridge = isPrivate && version != .v5
        packet.isCleanStart = bridge.cleansession
        packet.keepAlive = UInt16(clamping: bridge.keepaliveInterval)
        packet.userName = bridge.remoteUsername
        // 3.x knows no password without a user name [MQTT311-3.1.2-22].
        if version == .v5 || bridge.remoteUsername != nil {
            packet.password = bridge.remotePassword.map { Array($0.utf8) }
        }
        if bridge.notifications, !bridge.notificationsLocalOnly {
            packet.will = Will(
                topic: Array(bridge.stateTopic.utf8),
                payload: Self.payload(isUp: false),
                qos: notificationQoS,
                isRetained: isRetainAvailable
            )
        }
        guard version == .v5 else { return packet }
        packet.topicAliasMaximum = UInt16(clamping: bridge.maxTopicAlias)
        packet.sessionExpiryInterval = UInt32(clamping: bridge.sessionExpiryInterval)
        // 65535 is what is left out.
        let maximum = bridge.receiveMaximum ?? inFlightMax
        if maximum > 0, maximum < 65_535 { packet.receiveMaximum = UInt16(maximum) }
        if let brokerName {
            packet.userProperties = BridgeLoopMark.property(naming: Array(brokerName.utf8))
        }
        return packet
    }

    // MARK: Notifications

    /// The payload that tells whether the bridge is connected.
    static func payload(isUp: Bool) -> [UInt8] { [UInt8(ascii: isUp ? "1" : "0")] }

    /// The QoS of notifications to the remote.
    var notificationQoS: UInt8 { min(1, maximumQoS) }

    // MARK: Refusals

    /// Takes in why the remote has refused the bridge.
    ///
    /// - Parameter name: the bridge's, for the log
    mutating func learn(from connack: ConnackPacket, name: String) -> Refusal {
        let code = connack.reasonCode
        if version == .v5 {
            switch code {
            case ReasonCode(rawValue: ConnectReturnCode.unacceptableProtocolVersion.rawValue),
                .unsupportedProtocolVersion:
                version = .v311
                return Refusal(
                    line: "Warning: Remote bridge \(name) does not support MQTT v5.0, "
                        + "reconnecting using MQTT v3.1.1.",
                    isNotice: true
                )
            case .retainNotSupported where isRetainAvailable:
                isRetainAvailable = false
                return error("retain not available (will retry)")
            case .qosNotSupported where maximumQoS > 0:
                maximumQoS -= 1
                return error("QoS not supported (will retry)")
            default: return error("\(ReasonText.text(of: CInt(code.rawValue)))")
            }
        }
        if code.rawValue == ConnectReturnCode.unacceptableProtocolVersion.rawValue {
            isPrivate = false
        }
        return Refusal(line: "\(ReasonText.connack(CInt(code.rawValue)))", isNotice: false)
    }

    private func error(_ text: String) -> Refusal {
        Refusal(line: "Connection Refused: \(text)", isNotice: false)
    }
}
