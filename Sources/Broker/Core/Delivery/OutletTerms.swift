// SPDX-License-Identifier: Apache-2.0
// What the other end of a connection takes.

import Config
import MQTT

/// What the other end of a connection takes, and how topics look there.
struct OutletTerms {
    /// QoS 1 and 2 messages that may await an answer; nil where it has not said.
    var receiveMaximum: UInt16?
    /// The most bytes of a packet [MQTT-3.1.2-24].
    var maximumPacketSize = UInt32.max
    /// Whether acknowledgements may have a reason string [MQTT-3.1.2-29].
    var wantsReasons = true
    /// Topic aliases that may be set.
    var aliasCount = 0
    /// Bytes in front of each topic that it does not see.
    var mountPointCount = 0
    /// What is different for the remote of a bridge; nil for clients.
    var remote: RemoteTerms?

    /// Those of a remote broker.
    init(_ remote: RemoteTerms) { self.remote = remote }

    /// Those of a client, by its CONNECT and its listener.
    init(of client: Client, _ packet: ConnectPacket) {
        receiveMaximum = packet.receiveMaximum
        maximumPacketSize = packet.maximumPacketSize ?? .max
        wantsReasons = packet.requestProblemInformation
        aliasCount = min(
            Int(packet.topicAliasMaximum),
            client.listener.configuration.maxTopicAliasBroker
        )
        mountPointCount = client.listener.mountPoint.count
    }
}
