// SPDX-License-Identifier: Apache-2.0
// A CONNECT that is refused changes nothing: session, queue, will and connection of whoever has
// that client identifier are as they were.

import TestSupport
import Testing

@Suite("Refused CONNECTs")
struct Refusals {
    // [MQTT-3.2.2-12] [MQTT-3.2.2-13] [MQTT-3.2.2-6] [MQTT-3.1.4-2] [MQTT311-3.2.2-4]
    @Test(
        "An absent session, its subscription and its queue stay",
        arguments: RefusedConnect.allCases,
        [1, 2]
    )
    func absent(kind: RefusedConnect, workers: Int) throws {
        let broker = try kind.startBroker(workers: workers)
        try Incumbent(broker).checkAbsentSession { try kind.refuse(by: broker) }
        try broker.stop()
    }

    @Test(
        "A connected client of that identifier stays, and its will is neither published nor lost",
        arguments: RefusedConnect.allCases,
        [1, 2]
    )
    func connected(kind: RefusedConnect, workers: Int) throws {
        let broker = try kind.startBroker(workers: workers)
        try Incumbent(broker).checkConnection { try kind.refuse(by: broker) }
        try broker.stop()
    }
}
