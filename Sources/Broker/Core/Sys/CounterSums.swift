// SPDX-License-Identifier: Apache-2.0
// Counters summed over all workers.

import MQTT

/// Counters summed over all workers.
struct CounterSums {
    var packetsReceived: UInt64 = 0
    var packetsSent: UInt64 = 0
    var publishReceived: UInt64 = 0
    var publishSent: UInt64 = 0
    var connects: UInt64 = 0
    var bytesReceived: UInt64 = 0
    var bytesSent: UInt64 = 0
    var publishBytesReceived: UInt64 = 0
    var publishBytesSent: UInt64 = 0
    var dropped: UInt64 = 0
    var sockets: UInt64 = 0
    var expired: UInt64 = 0

    init(_ broker: Broker) {
        for worker in broker.workers {
            let counters = worker.counters
            for type in PacketType.allCases {
                packetsReceived &+= counters.received.current(type)
                packetsSent &+= counters.sent.current(type)
            }
            publishReceived &+= counters.received.publishes
            publishSent &+= counters.sent.publishes
            connects &+= counters.received.connect.current
            bytesReceived &+= counters.bytesReceived.current
            bytesSent &+= counters.bytesSent.current
            publishBytesReceived &+= counters.publishBytesReceived.current
            publishBytesSent &+= counters.publishBytesSent.current
            dropped &+= counters.dropped
            sockets &+= counters.socketsAccepted.current
            expired &+= counters.clientsExpired.current
        }
    }
}
