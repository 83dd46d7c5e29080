// SPDX-License-Identifier: Apache-2.0
// What a reload means for the bridges.

import Config
import Testing

@testable import Core

@Suite("Bridge changes")
struct BridgeChangesTests {
    /// A bridge with a session of its own.
    private func bridge(
        _ name: String,
        _ change: (inout BridgeConfiguration) -> Void = { _ in }
    ) -> BridgeConfiguration {
        var bridge = BridgeConfiguration(name: name)
        bridge.addresses = [BridgeAddress(host: "h", port: 1883)]
        bridge.topics = [
            BridgeTopic(pattern: "#", direction: .both, qos: 1, localPrefix: "", remotePrefix: "")
        ]
        bridge.remoteClientid = "machine.\(name)"
        bridge.localClientid = "local.machine.\(name)"
        change(&bridge)
        return bridge
    }

    @Test("Each bridge is removed, added, changed or left alone")
    func kinds() {
        let changes = BridgeChanges(
            from: [bridge("gone"), bridge("same"), bridge("other")],
            to: [bridge("other") { $0.threshold = 3 }, bridge("new"), bridge("same")]
        )
        #expect(changes.removed == [bridge("gone")])
        #expect(changes.added == [bridge("new")])
        #expect(changes.changed == [bridge("other") { $0.threshold = 3 }])
        #expect(changes.unchanged == [bridge("same")])
    }

    @Test("Every option makes a bridge another one, and when changes come into force is no change")
    func options() {
        let all: [(inout BridgeConfiguration) -> Void] = [
            { $0.addresses.append(BridgeAddress(.unix, host: "", port: 0, path: "/s")) },
            { $0.topics = [] }, { $0.bindAddress = "127.0.0.2" },
            { $0.protocolVersion = .mqttv50 },
            { $0.startType = .once }, { $0.keepaliveInterval = 5 }, { $0.idleTimeout = 1 },
            { $0.restartTimeout.stable = 1 }, { $0.roundRobin = true }, { $0.tryPrivate = false },
            { $0.tcpKeepalive = BridgeTCPKeepalive(idle: 1, interval: 1, count: 1) },
            { $0.tcpUserTimeout = 1 }, { $0.cleansession = true }, { $0.localCleansession = true },
            { $0.remoteClientid = "r" }, { $0.remoteUsername = "u" }, { $0.remotePassword = "p" },
            { $0.localUsername = "u" }, { $0.localPassword = "p" },
            { $0.attemptUnsubscribe = false },
            { $0.maxPacketSize = 1 }, { $0.maxTopicAlias = 0 }, { $0.outgoingRetain = false },
            { $0.receiveMaximum = 1 }, { $0.sessionExpiryInterval = 1 },
            { $0.notifications = false },
            { $0.notificationsLocalOnly = true }, { $0.notificationTopic = "t" },
            { $0.tls.cafile = "c" },
        ]
        for change in all {
            let other = bridge("b", change)
            let changes = BridgeChanges(from: [bridge("b")], to: [other])
            #expect(changes.changed == [other])
            #expect(changes.unchanged == [])
        }
        let changes = BridgeChanges(
            from: [bridge("b")],
            to: [bridge("b") { $0.reloadType = .immediate }]
        )
        #expect(changes.changed == [])
        #expect(changes.unchanged.count == 1)
    }

    @Test("Which reload type counts is the new one's")
    func reloadType() {
        let new = bridge("b") {
            $0.reloadType = .immediate
            $0.threshold = 3
        }
        #expect(
            BridgeChanges(from: [bridge("b")], to: [new]).changed.map(\.reloadType) == [.immediate]
        )
        #expect(BridgeChanges(from: [new], to: [bridge("b")]).changed.map(\.reloadType) == [.lazy])
    }

    @Test("A bridge with another session is another bridge, and two may swap theirs")
    func otherSession() {
        let swapped = [
            bridge("a") { $0.localClientid = "local.machine.b" },
            bridge("b") { $0.localClientid = "local.machine.a" },
        ]
        let changes = BridgeChanges(from: [bridge("a"), bridge("b")], to: swapped)
        #expect(changes.removed == [bridge("a"), bridge("b")])
        #expect(changes.added == swapped)
        #expect(changes.changed == [] && changes.unchanged == [])
    }

    @Test("Nothing changes into nothing")
    func nothing() {
        let changes = BridgeChanges(from: [], to: [])
        #expect(changes.added == [] && changes.removed == [])
    }
}
