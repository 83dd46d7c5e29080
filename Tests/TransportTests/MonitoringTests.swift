// SPDX-License-Identifier: Apache-2.0
// Health, metrics and what every answer over HTTP has.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Monitoring over HTTP")
struct MonitoringTests {
    private static let config = """
        allow_anonymous true
        sys_interval 1
        listener %PORT% 127.0.0.1
        protocol http_api
        http_dir %DIR%
        websockets_origin https://console.example
        listener %PORT2% 127.0.0.1

        """

    @Test("Health is told to everybody, without a line", arguments: [1, 4])
    func health(workers: Int) throws {
        let broker = try Broker(
            "log_type all\nlistener %PORT% 127.0.0.1\nprotocol http_api\n",
            workers: workers
        )
        let mark = broker.logMark
        for (path, body) in [
            ("/health/live", "{\"status\":\"live\"}\n"),
            ("/health/ready", "{\"status\":\"ready\"}\n"),
        ] {
            let answer = try HTTPGet.request(broker, "GET \(path)")
            #expect(answer.status == 200 && answer.body == body)
            #expect(answer.head.contains("\r\nContent-Type: application/json\r\n"))
            #expect(try HTTPGet.request(broker, "HEAD \(path)").status == 200)
        }
        #expect(broker.logMark == mark)
        // Metrics are for those who may read them.
        #expect(try HTTPGet.request(broker, "GET /metrics").status == 401)
        try broker.waitForLog(containing: "Denied HTTP request from http-api [", from: mark)
        try broker.stop()
    }

    @Test("Where memory_limit is reached, the broker is not ready and lives")
    func outOfMemory() throws {
        let broker = try Broker(
            "allow_anonymous true\nmemory_limit 100000\nlistener %PORT% 127.0.0.1\n"
                + "protocol http_api\n",
            workers: 1
        )
        let answer = try HTTPGet.request(broker, "GET /health/ready")
        #expect(answer.status == 503 && answer.body == "{\"status\":\"memory_limit\"}\n")
        #expect(try HTTPGet.request(broker, "GET /health/live").status == 200)
        #expect(try HTTPGet.request(broker, "GET /metrics").status == 503)
        try broker.stop()
    }

    @Test("Metrics tell what clients have done", arguments: Broker.reactorCounts)
    func metrics(workers: Int) throws {
        let broker = try Broker(Self.config, workers: workers)
        let client = try RawClient(port: broker.ports[1])
        client.send(Wire.connect("watched"))
        try client.expect(Wire.connack(.v4))
        let answer = try HTTPGet.request(broker, "GET /metrics")
        #expect(answer.status == 200)
        #expect(
            answer.head.contains("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n")
        )
        let numbers = [
            "mosquitto_ready": 1.0, "mosquitto_connects_total": 1,
            "mosquitto_clients_connected{protocol_version=\"3.1.1\"}": 1,
            "mosquitto_packets_received_total{type=\"connect\"}": 1,
            "mosquitto_listener_accepted_total{listener=\"127.0.0.1:\(broker.ports[1])\",protocol=\"mqtt\"}":
                1,
            "mosquitto_config_last_reload_successful": 1,
        ]
        for (series, number) in numbers {
            #expect(HTTPGet.number(series, in: answer.body) == number, "\(series)")
        }
        for series in ["process_resident_memory_bytes", "process_open_fds", "mosquitto_heap_bytes"]
        {
            #expect(HTTPGet.number(series, in: answer.body) ?? 0 > 0, "\(series)")
        }
        #expect(!answer.body.contains("watched"), "no client is named")
        let open = try HTTPGet.request(
            broker,
            "GET /metrics",
            ["Accept: application/openmetrics-text;version=1.0.0"]
        )
        #expect(open.head.contains("\r\nContent-Type: application/openmetrics-text; "))
        #expect(open.body.hasSuffix("# EOF\n"))
        let sys = try HTTPGet.request(broker, "GET /metrics?names=sys").body
        #expect(HTTPGet.number("broker_clients_connected", in: sys) == 1)
        #expect(HTTPGet.number("broker_publish_messages_dropped", in: sys) == 0)
        #expect(HTTPGet.number("broker_load_messages_received_1min", in: sys) != nil)
        try broker.stop()
    }

    @Test("Every answer says of what kind it is, and which pages may read it")
    func fields() throws {
        let broker = try Broker(
            Self.config,
            workers: 1,
            files: [
                "index.html": "<p>", "a.mjs": "export {}", "a.css": "p {}", "a.svg": "<svg/>",
                "a.json": "{}", "a": "bytes",
            ]
        )
        for (path, status, type) in [
            ("/", 200, "text/html; charset=utf-8"),
            ("/a.mjs", 200, "text/javascript; charset=utf-8"),
            ("/a.css", 200, "text/css; charset=utf-8"), ("/a.svg", 200, "image/svg+xml"),
            ("/a.json", 200, "application/json"), ("/a", 200, "application/octet-stream"),
            ("/none", 404, "text/plain; charset=utf-8"),
            ("/api/v1/version", 200, "text/plain; charset=utf-8"),
            ("/api/v1/listeners", 200, "application/json"),
            ("/api/v1/systree", 200, "application/json"),
            ("/%zz", 400, "text/plain; charset=utf-8"),
        ] {
            let answer = try HTTPGet.request(broker, "GET \(path)")
            #expect(answer.status == status, "\(path)")
            #expect(answer.head.contains("\r\nContent-Type: \(type)\r\n"), "\(path)")
            #expect(answer.head.contains("\r\nX-Content-Type-Options: nosniff\r\n"), "\(path)")
            #expect(!answer.head.contains("Access-Control-Allow-Origin"), "\(path)")
        }
        let head = try HTTPGet.request(broker, "HEAD /a.css")
        #expect(head.status == 200 && head.head.contains("\r\nContent-Length: 4\r\n"))
        let refused = try HTTPGet.request(broker, "DELETE /a.css")
        #expect(refused.status == 405 && refused.head.contains("\r\nAllow: GET, HEAD\r\n"))
        let own = try HTTPGet.request(broker, "GET /a", ["Origin: https://console.example"])
        #expect(
            own.head.contains("\r\nAccess-Control-Allow-Origin: https://console.example\r\n")
        )
        let other = try HTTPGet.request(broker, "GET /a", ["Origin: https://other.example"])
        #expect(!other.head.contains("Access-Control-Allow-Origin"))
        try broker.stop()
    }
}
