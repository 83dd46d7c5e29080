// SPDX-License-Identifier: Apache-2.0
// getConfiguration, checkConfiguration, reload and setLogTypes.

import Foundation
import TestSupport
import Testing

@Suite("Control API: configuration")
struct ControlConfiguration {
    private static let bridge = """

        connection cloud
        address 127.0.0.1:1
        topic a out
        remote_username u
        remote_password hush

        """

    @Test("Options are shown with their places, secrets are not", arguments: reactors)
    func options(workers: Int) throws {
        let broker = try Broker(BrokerControl.config + Self.bridge, workers: workers)
        let data = try ControlClient(broker).data("getConfiguration")
        func entries(_ value: Any?) throws -> [String: [String: Any]] {
            let list = try #require(value as? [[String: Any]])
            let pairs = list.compactMap { entry in (entry["name"] as? String).map { ($0, entry) } }
            return Dictionary(pairs) { first, _ in first }
        }
        let general = try entries(data["options"])
        #expect(general["enable_control_api"]?["value"] as? String == "true")
        let line = try #require(general["log_type"]?["place"] as? String)
        #expect(line.hasPrefix(broker.configurationPath + ":"))
        let listeners = try #require(data["listeners"] as? [[String: Any]])
        #expect(listeners.first?["listener"] as? String == "\(broker.port) 127.0.0.1")
        let bridges = try #require(data["bridges"] as? [[String: Any]])
        let options = try entries(bridges.first?["options"])
        #expect(options["remote_password"]?["is-secret"] as? Bool == true)
        #expect(options["remote_password"]?["value"] == nil)
        #expect(options["topic"]?["value"] as? String == "a out")
    }

    @Test("A reload says what has changed, and a check what would", arguments: reactors)
    func reload(workers: Int) throws {
        let broker = try Broker(BrokerControl.config, workers: workers)
        let control = try ControlClient(broker)
        func changes(_ data: Any?) throws -> [[String: Any]] {
            try #require((data as? [String: Any])?["changes"] as? [[String: Any]])
        }
        #expect(try changes(control.data("reload")).isEmpty)
        try broker.rewrite(
            BrokerControl.config + "max_queued_messages 5\nmax_subscriptions 7\n",
            atomically: true
        )
        let check = try control.data("checkConfiguration")
        #expect(check["is-valid"] as? Bool == true)
        let planned = try changes(check["reload"])
        #expect(
            planned.map { $0["option"] as? String } == ["max_queued_messages", "max_subscriptions"]
        )
        #expect(planned.map { $0["needs-restart"] as? Bool } == [true, false])
        let done = try changes(control.data("reload"))
        #expect(done.last?["old"] as? String == "default" && done.last?["new"] as? String == "7")
        try broker.waitForLog(containing: "reload {}: done")
        #expect(try changes(control.data("reload")).count == 1, "one waits for a restart")
        try broker.rewrite(BrokerControl.config + "max_subscriptions x\n", atomically: true)
        let wrong = try control.data("checkConfiguration")
        #expect(wrong["is-valid"] as? Bool == false)
        let errors = try #require(wrong["errors"] as? [String])
        #expect(errors.joined().contains("max_subscriptions"))
        #expect(try control.error("reload").contains("max_subscriptions"))
    }

    @Test("Other types of lines are logged for a while", arguments: reactors)
    func logTypes(workers: Int) throws {
        let config = BrokerControl.config.replacing("log_type all", with: "log_type notice")
        let broker = try Broker(config, workers: workers, readyLine: nil)
        let control = try ControlClient(broker)
        let data = try control.data("setLogTypes", ["types": ["debug", "notice"], "seconds": 1])
        #expect(data["types"] as? [String] == ["debug", "notice"] && data["until"] is String)
        control.client.send(Wire.pingreq)
        try control.client.expect(Wire.pingresp)
        try broker.waitForLog(containing: "Received PINGREQ from")
        try broker.waitForLog(containing: "Log types are as configured again.")
        let mark = broker.logMark
        control.client.send(Wire.pingreq)
        try control.client.expect(Wire.pingresp)
        let back = try control.data("setLogTypes")
        #expect(back["types"] as? [String] == ["notice"])
        try broker.waitForLog(containing: "setLogTypes {}: done", from: mark)
        #expect(!broker.process.errors.lines[mark...].contains { $0.contains("PINGREQ") })
        #expect(try control.error("setLogTypes", ["types": ["loud"]]).hasPrefix("Invalid 'types'"))
        #expect(try control.error("setLogTypes", ["types": "all"]).hasPrefix("Invalid 'types'"))
    }
}
