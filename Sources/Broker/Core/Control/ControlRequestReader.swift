// SPDX-License-Identifier: Apache-2.0
// A request to the control API as it came: `{"commands":[…]}`.

import JSON

/// One command of a request, or what is wrong with it.
struct RequestedCommand: Equatable {
    /// The name, as answers give it back.
    let name: String
    /// What it says.
    var arguments = ControlArguments(.object([]))
    /// What is handed back with the answer.
    var correlationData: String?
    /// What is wrong; nil if it can be carried out.
    var failure: ControlFailure?
}

/// Takes requests apart; pure.
enum ControlRequestReader {
    /// Commands that one request may have.
    static let commandsMax = 1000

    private static let unknown = "Unknown command"

    /// The commands of a request in their order.
    ///
    /// What has no form ends the list, as what comes behind it cannot be trusted.
    static func commands(in payload: [UInt8]) -> [RequestedCommand] {
        guard let request = JSONValue(parsing: payload) else {
            return [wrong(unknown, "Payload not valid JSON")]
        }
        guard let elements = request["commands"]?.elements else {
            return [wrong(unknown, "Invalid/missing commands")]
        }
        guard elements.count <= commandsMax else {
            return [wrong(unknown, "More than \(commandsMax) commands")]
        }
        var commands: [RequestedCommand] = []
        for element in elements {
            commands.append(command(element))
            if commands.last?.failure != nil { break }
        }
        return commands
    }

    private static func command(_ element: JSONValue) -> RequestedCommand {
        guard case .object = element else { return wrong(unknown, "Command not an object") }
        guard let name = element["command"]?.text else { return wrong(unknown, "Missing command") }
        let correlation = element["correlationData"]
        guard correlation == nil || correlation?.text != nil else {
            return wrong(name, "Invalid correlationData data type.")
        }
        return RequestedCommand(
            name: name,
            arguments: ControlArguments(element),
            correlationData: correlation?.text
        )
    }

    private static func wrong(_ name: String, _ text: String) -> RequestedCommand {
        RequestedCommand(name: name, failure: ControlFailure(text))
    }
}
