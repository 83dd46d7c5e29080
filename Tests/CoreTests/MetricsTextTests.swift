// SPDX-License-Identifier: Apache-2.0
// Metrics as text, without a broker.

import Testing

@testable import Core

@Suite("Metrics as text")
struct MetricsTextTests {
    private static let snapshot: MetricsSnapshot = {
        var snapshot = MetricsSnapshot()
        snapshot.add(.connects, .count(UInt64(7)))
        snapshot.add(.clients, ["5.0"], .count(3))
        snapshot.add(.uptime, .real(1.5))
        snapshot.add(
            .listenerConnections,
            ["a\"b\\c\nd", "mqtt"],
            .count(1)
        )
        snapshot.add(
            .laneWait,
            MetricHistogram(bounds: [0.001, 1], counts: [2, 1, 4], sum: 12.5)
        )
        return snapshot
    }()

    private static func text(_ format: MetricsText.Format) -> String {
        String(decoding: MetricsText.render(snapshot, as: format), as: UTF8.self)
    }

    @Test("The text of Prometheus")
    func prometheus() {
        #expect(
            Self.text(.prometheus) == """
                # HELP mosquitto_connects_total Clients that were let in
                # TYPE mosquitto_connects_total counter
                mosquitto_connects_total 7
                # HELP mosquitto_clients_connected Clients that have been let in and are there
                # TYPE mosquitto_clients_connected gauge
                mosquitto_clients_connected{protocol_version="5.0"} 3
                # HELP mosquitto_uptime_seconds Seconds since the start
                # TYPE mosquitto_uptime_seconds gauge
                mosquitto_uptime_seconds 1.5
                # HELP mosquitto_listener_connections Connections of a listener
                # TYPE mosquitto_listener_connections gauge
                mosquitto_listener_connections{listener="a\\"b\\\\c\\nd",protocol="mqtt"} 1
                # HELP mosquitto_plugin_lane_wait_seconds How long the first of each batch waited for the plugin thread
                # TYPE mosquitto_plugin_lane_wait_seconds histogram
                mosquitto_plugin_lane_wait_seconds_bucket{le="0.001"} 2
                mosquitto_plugin_lane_wait_seconds_bucket{le="1.0"} 3
                mosquitto_plugin_lane_wait_seconds_bucket{le="+Inf"} 7
                mosquitto_plugin_lane_wait_seconds_sum 12.5
                mosquitto_plugin_lane_wait_seconds_count 7

                """
        )
    }

    @Test("OpenMetrics names counters without their ending, and says where it ends")
    func openMetrics() {
        let lines = Self.text(.openMetrics).split(separator: "\n")
        #expect(lines[0] == "# HELP mosquitto_connects Clients that were let in")
        #expect(lines[1] == "# TYPE mosquitto_connects counter")
        #expect(lines[2] == "mosquitto_connects_total 7")
        #expect(lines.last == "# EOF")
    }

    @Test(
        "Who names OpenMetrics gets it, all others the text of Prometheus",
        arguments: [
            (nil, false), ("*/*", false), ("text/plain;version=0.0.4", false),
            ("application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1", true),
            ("text/plain, Application/OpenMetrics-Text", true),
            ("application/openmetrics-text;q=0", false),
        ]
    )
    func accept(field: String?, isOpen: Bool) {
        let format = MetricsText.Format(accept: field)
        #expect(format.contentType.hasPrefix("application/openmetrics-text") == isOpen)
    }

    @Test("Names of exporters are topics without $SYS, in underscores")
    func sysNames() {
        #expect(MetricsSnapshot.sysName("broker/clients/connected") == "broker_clients_connected")
        #expect(
            MetricsSnapshot.sysName("broker/retained messages/count")
                == "broker_retained_messages_count"
        )
        #expect(MetricsSnapshot.sysName("a/b-c.d") == "a_b_c_d")
    }

    @Test("Each reason has a counter, and a label of its own")
    func labels() {
        #expect(EndReason.allCases.count <= 24)
        #expect(Set(EndReason.allCases.map(\.label)).count == EndReason.allCases.count)
        #expect(DropReason.allCases.map(\.label).contains("queue_full"))
        #expect(EndReason.disconnectWithWill.label == "disconnect_with_will")
        let counters = Counters()
        for reason in EndReason.allCases { counters.end(reason) }
        for reason in DropReason.allCases { counters.drop(reason, 2) }
        for handler in HTTPHandler.allCases {
            for status in HTTPStatusClass.allCases { counters.httpRequest(handler, status) }
        }
        for result in AuthenticationResult.allCases {
            for method in AuthenticationMethod.allCases { counters.authentication(result, method) }
        }
        for kind: AccessKind in [.read, .write, .subscribe, .unsubscribe] {
            for decider in AccessDecider.allCases {
                counters.authorization(kind, isAllowed: true, by: decider)
                counters.authorization(kind, isAllowed: false, by: decider)
            }
        }
        #expect(EndReason.allCases.allSatisfy { counters.ended($0) == 1 })
        #expect(DropReason.allCases.allSatisfy { counters.dropped($0) == 2 })
        #expect(HTTPHandler.allCases.allSatisfy { counters.httpRequests($0, .clientError) == 1 })
        #expect(counters.dropped == 4)
    }

    @Test("The class of a status is its first digit")
    func statusClass() {
        #expect(HTTPStatusClass(status: "200 OK").label == "2xx")
        #expect(HTTPStatusClass(status: "404 Not Found").label == "4xx")
        #expect(HTTPStatusClass(status: "503 Service Unavailable").label == "5xx")
    }
}
