// SPDX-License-Identifier: Apache-2.0
// Prints what the broker says about itself, for people.

import JSON

/// Turns the data of a response of the broker into lines.
enum BrokerPrinter {
    /// The lines for the answer to `command`; nil for data of a shape nobody knows, and no lines for
    /// commands that only change something.
    static func lines(_ command: String, _ data: JSONValue) -> [String]? {
        switch command.lowercased() {
        case "listplugins": data["plugins"]?.elements.map { $0.flatMap(plugin) }
        case "listbridges": data["bridges"]?.elements.map(bridges)
        case "listlisteners": data["listeners"]?.elements.map(listeners)
        case "getoverview": overview(data)
        case "listclients": clients(data)
        case "getclient": data["client"].map { details($0) }
        case "disconnectclient", "deletesession": acted(data, "clients")
        case "deleteretained": acted(data, "topics")
        case "listsubscriptions", "matchtopic": subscriptions(data)
        case "listretained": retained(data)
        case "getconfiguration": configuration(data)
        case "checkconfiguration": checked(data)
        case "reload": changes(data)
        case "setlogtypes": details(data)
        case "getretained": data["message"].map { details($0) }
        default: []
        }
    }

    /// A value in words; objects and lists as JSON.
    static func text(_ value: JSONValue?) -> String {
        switch value {
        case nil, .null?: ""
        case .string(let text)?: text
        case .bool(let flag)?: flag ? "yes" : "no"
        case let value?: value.compactText
        }
    }

    /// An object as lines with labels, objects in it indented.
    static func details(_ value: JSONValue, indent: String = "") -> [String] {
        guard case .object(let members) = value else { return [indent + text(value)] }
        let width = members.reduce(0) { max($0, $1.key.count) } + 1
        return members.flatMap { member -> [String] in
            let label = indent + label(member.key) + ":"
            switch member.value {
            case .object(let inner):
                return inner.isEmpty
                    ? [] : [label] + details(member.value, indent: indent + "  ")
            case .array(let elements):
                guard !elements.isEmpty else { return [] }
                return [label]
                    + elements.flatMap { element -> [String] in
                        guard case .object = element else { return [indent + "  " + text(element)] }
                        return [indent + "  " + line(element)]
                    }
            default:
                return [label.padded(to: indent.count + width) + " " + text(member.value)]
            }
        }
    }

    /// An object on one line.
    private static func line(_ value: JSONValue) -> String {
        guard case .object(let members) = value else { return text(value) }
        return members.map { "\($0.key.replacing("-", with: " ")) \(text($0.value))" }
            .joined(separator: ", ")
    }

    private static func label(_ key: String) -> String {
        let words = key.replacing("-", with: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }

    /// Warnings come first: they are what one looks for.
    private static func overview(_ data: JSONValue) -> [String] {
        let warnings = data["warnings"]?.elements?.map { "Warning: \(text($0))" } ?? []
        var rest = data
        rest["warnings"] = nil
        return warnings + details(rest)
    }

    private static func clients(_ data: JSONValue) -> [String]? {
        guard let clients = data["clients"]?.elements else { return nil }
        if clients.first?["state"]?.text == "closed" { return endings(clients, data) }
        var table = TextTable([
            .init(title: "CLIENT ID"), .init(title: "STATE"), .init(title: "USER", widthMax: 20),
            .init(title: "ADDRESS", widthMax: 46), .init(title: "SINCE"),
            .init(title: "SUBS", isNumber: true), .init(title: "IN FLIGHT", isNumber: true),
            .init(title: "QUEUED", isNumber: true), .init(title: "DROPPED", isNumber: true),
        ])
        for client in clients {
            let port = client["port"].map { ":\(text($0))" } ?? ""
            table.add([
                text(client["clientid"]), text(client["state"]), text(client["username"]),
                text(client["address"]) + port,
                text(client["connected-since"] ?? client["disconnected-since"]),
                text(client["subscriptions"]), text(client["in-flight"]), text(client["queued"]),
                text(client["dropped"]),
            ])
        }
        return table.lines + ending(data, clients.count)
    }

    private static func endings(_ clients: [JSONValue], _ data: JSONValue) -> [String] {
        var table = TextTable([
            .init(title: "ENDED"), .init(title: "CLIENT ID"), .init(title: "USER", widthMax: 20),
            .init(title: "ADDRESS", widthMax: 46), .init(title: "REASON"), .init(title: "TEXT"),
        ])
        for client in clients {
            table.add([
                text(client["ended"]), text(client["clientid"]), text(client["username"]),
                text(client["address"]), text(client["reason"]), text(client["text"]),
            ])
        }
        return table.lines + ending(data, clients.count)
    }

    private static func subscriptions(_ data: JSONValue) -> [String]? {
        guard let subscriptions = data["subscriptions"]?.elements else { return nil }
        var table = TextTable([
            .init(title: "FILTER", widthMax: 60), .init(title: "CLIENT ID"),
            .init(title: "USER", widthMax: 20), .init(title: "QOS", isNumber: true),
            .init(title: "CONNECTED"), .init(title: "SHARE", widthMax: 20),
        ])
        for entry in subscriptions {
            table.add([
                text(entry["filter"]), text(entry["clientid"]), text(entry["username"]),
                text(entry["qos"]), text(entry["connected"]), text(entry["share"]),
            ])
        }
        return table.lines + ending(data, subscriptions.count)
    }

    private static func retained(_ data: JSONValue) -> [String]? {
        guard let messages = data["messages"]?.elements else { return nil }
        var table = TextTable([
            .init(title: "TOPIC", widthMax: 80), .init(title: "QOS", isNumber: true),
            .init(title: "BYTES", isNumber: true), .init(title: "CLIENT ID"),
            .init(title: "EXPIRES"),
        ])
        for entry in messages {
            table.add([
                text(entry["topic"]), text(entry["qos"]), text(entry["payload-bytes"]),
                text(entry["clientid"]), text(entry["expires-at"]),
            ])
        }
        return table.lines + ending(data, messages.count)
    }

    /// What something was done to, or would have been: the first names, and how many there are.
    private static func acted(_ data: JSONValue, _ key: String) -> [String]? {
        guard let count = data["count"]?.integer else { return nil }
        return (data[key]?.elements ?? []).map { text($0) } + ["\(count)"]
    }

    /// How much of a list that was, and how to see the rest.
    static func ending(_ data: JSONValue, _ count: Int) -> [String] {
        let total = data["total"].map { " of \(text($0))" } ?? ""
        guard let cursor = data["cursor"]?.text else { return ["\(count)\(total)"] }
        return ["\(count)\(total); the next ones: --cursor \(cursor)"]
    }
}
