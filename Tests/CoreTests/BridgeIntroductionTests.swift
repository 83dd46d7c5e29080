// SPDX-License-Identifier: Apache-2.0
// What a bridge says in CONNECT, before and after refusals.

import Config
import MQTT
import Testing

@testable import Core

@Suite("Introduction of a bridge")
struct BridgeIntroductionTests {
    private static func bridge(
        _ version: BridgeProtocolVersion = .mqttv311,
        _ change: (inout BridgeConfiguration) -> Void = { _ in }
    ) -> BridgeConfiguration {
        var bridge = BridgeConfiguration(name: "b")
        bridge.protocolVersion = version
        bridge.remoteClientid = "host.b"
        change(&bridge)
        return bridge
    }

    private static func packet(_ bridge: BridgeConfiguration) -> ConnectPacket {
        BridgeIntroduction(bridge).packet(bridge, inFlightMax: 20)
    }

    @Test("CONNECT has what is configured")
    func connect() throws {
        let packet = Self.packet(
            Self.bridge {
                $0.cleansession = true
                $0.keepaliveInterval = 30
                $0.remoteUsername = "u"
                $0.remotePassword = "p"
            }
        )
        #expect(packet.version == .v311 && packet.isBridge && packet.isCleanStart)
        #expect(packet.keepAlive == 30 && packet.clientIdentifier == "host.b")
        #expect(packet.userName == "u" && packet.password == [0x70])
        let will = try #require(packet.will)
        #expect(will.topic == Array("$SYS/broker/connection/host.b/state".utf8))
        #expect(will.payload == [0x30] && will.qos == 1 && will.isRetained)
    }

    @Test("5.0 has properties in place of the bridge bit")
    func properties() {
        var packet = Self.packet(Self.bridge(.mqttv50))
        #expect(!packet.isBridge)
        #expect(packet.topicAliasMaximum == 10 && packet.sessionExpiryInterval == 0)
        #expect(packet.receiveMaximum == 20)
        packet = Self.packet(
            Self.bridge(.mqttv50) {
                $0.receiveMaximum = 7
                $0.maxTopicAlias = 0
                $0.sessionExpiryInterval = 60
            }
        )
        #expect(packet.topicAliasMaximum == 0 && packet.sessionExpiryInterval == 60)
        #expect(packet.receiveMaximum == 7)
        let bridge = Self.bridge(.mqttv50)
        let unlimited = BridgeIntroduction(bridge).packet(bridge, inFlightMax: 0)
        #expect(unlimited.receiveMaximum == nil)
        #expect(Self.packet(Self.bridge(.mqttv31)).topicAliasMaximum == 0)
    }

    @Test("Without notifications, or with local ones alone, there is no will")
    func noWill() {
        #expect(Self.packet(Self.bridge { $0.notifications = false }).will == nil)
        #expect(Self.packet(Self.bridge { $0.notificationsLocalOnly = true }).will == nil)
    }

    @Test("A remote that knows no bridge bit is not told again")
    func noBridgeBit() {
        let bridge = Self.bridge()
        var introduction = BridgeIntroduction(bridge)
        for code in [UInt8(2), 3, 4, 5] {
            let connack = ConnackPacket(reasonCode: ReasonCode(rawValue: code))
            let refusal = introduction.learn(from: connack, name: "b")
            #expect(refusal.line.hasPrefix("Connection Refused: ") && !refusal.isNotice)
            #expect(introduction.isPrivate)
        }
        let connack = ConnackPacket(reasonCode: ReasonCode(rawValue: 1))
        let refusal = introduction.learn(from: connack, name: "b")
        #expect(refusal.line == "Connection Refused: unacceptable protocol version")
        #expect(!introduction.packet(bridge, inFlightMax: 20).isBridge)
        #expect(!BridgeIntroduction(Self.bridge { $0.tryPrivate = false }).isPrivate)
    }

    @Test("A remote that knows no 5.0 is spoken to in 3.1.1", arguments: [UInt8(1), 0x84])
    func olderVersion(code: UInt8) {
        let bridge = Self.bridge(.mqttv50)
        var introduction = BridgeIntroduction(bridge)
        let connack = ConnackPacket(reasonCode: ReasonCode(rawValue: code))
        let refusal = introduction.learn(from: connack, name: "b")
        #expect(
            refusal
                == BridgeIntroduction.Refusal(
                    line: "Warning: Remote bridge b does not support MQTT v5.0, "
                        + "reconnecting using MQTT v3.1.1.",
                    isNotice: true
                )
        )
        let packet = introduction.packet(bridge, inFlightMax: 20)
        #expect(packet.version == .v311 && packet.isBridge && packet.receiveMaximum == nil)
    }

    @Test("What the will has too much is left off in the next attempt")
    func lowered() throws {
        let bridge = Self.bridge(.mqttv50)
        var introduction = BridgeIntroduction(bridge)
        func refuse(_ code: ReasonCode) -> String {
            introduction.learn(from: ConnackPacket(reasonCode: code), name: "b").line
        }
        #expect(
            refuse(.retainNotSupported) == "Connection Refused: retain not available (will retry)"
        )
        #expect(refuse(.retainNotSupported) == "Connection Refused: Retain not supported")
        #expect(refuse(.qosNotSupported) == "Connection Refused: QoS not supported (will retry)")
        #expect(introduction.maximumQoS == 1 && introduction.notificationQoS == 1)
        #expect(refuse(.qosNotSupported) == "Connection Refused: QoS not supported (will retry)")
        #expect(introduction.maximumQoS == 0)
        #expect(refuse(.qosNotSupported) == "Connection Refused: QoS not supported")
        #expect(refuse(.notAuthorized) == "Connection Refused: Not authorized")
        let will = try #require(introduction.packet(bridge, inFlightMax: 20).will)
        #expect(will.qos == 0 && !will.isRetained)
    }
}
