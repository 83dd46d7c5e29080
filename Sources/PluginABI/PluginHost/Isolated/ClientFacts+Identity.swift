// SPDX-License-Identifier: Apache-2.0
// What helpers are told about a client.

import Config
import Core
import Isolation
import MQTT
import Net
import Synchronization

extension ClientFacts {
    /// What there is to be told about a client.
    init(_ client: ClientIdentity, number: UInt64) {
        let isHere = client.peer != .text("", port: 0)
        self.init(
            number: number,
            identifier: client.clientIdentifier,
            userName: client.userName,
            address: isHere ? client.peer.host : nil,
            addressPort: UInt16(clamping: client.peer.port),
            listenerPort: client.listener.map { UInt16(clamping: $0.configuration.port) },
            isWebSocket: client.listener?.configuration.protocol == .websockets,
            version: client.version.rawValue,
            keepAliveSeconds: client.keepAliveSeconds,
            isCleanStart: client.isCleanStart,
            subscriptionCount: Int32(
                clamping: client.subscriptionCount.load(ordering: .relaxed)
            )
        )
    }
}
