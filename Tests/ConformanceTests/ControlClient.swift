// SPDX-License-Identifier: Apache-2.0
// Who asks the control API.

import Foundation
import TestSupport
import Testing

/// Asks the control API, one command at a time.
struct ControlClient {
    let client: RawClient

    init(_ broker: Broker, user: String? = "admin") throws {
        client = try BrokerControl.questionID(broker, user: user)
    }

    /// The whole response to a command.
    func response(_ command: String, _ arguments: [String: Any] = [:]) throws -> [String: Any] {
        var element = arguments
        element["command"] = command
        let payload = try JSONSerialization.data(withJSONObject: ["commands": [element]])
        let responses = try BrokerControl.ask(client, String(decoding: payload, as: UTF8.self))
        #expect(responses.count == 1)
        return try #require(responses.first)
    }

    /// The data of the response, which must be there.
    func data(_ command: String, _ arguments: [String: Any] = [:]) throws -> [String: Any] {
        let response = try response(command, arguments)
        return try #require(response["data"] as? [String: Any], "\(response)")
    }

    /// The error of the response, which must be there.
    func error(_ command: String, _ arguments: [String: Any] = [:]) throws -> String {
        let response = try response(command, arguments)
        return try #require(response["error"] as? String, "\(response)")
    }

    /// The entries of a list, page by page.
    func list(
        _ command: String,
        _ key: String,
        _ arguments: [String: Any] = [:]
    ) throws -> [[[String: Any]]] {
        var pages: [[[String: Any]]] = []
        var arguments = arguments
        while pages.count < 1000 {
            let data = try data(command, arguments)
            pages.append(try #require(data[key] as? [[String: Any]]))
            guard let cursor = data["cursor"] as? String else { return pages }
            arguments["cursor"] = cursor
        }
        throw Mismatch("the list has no end")
    }
}
