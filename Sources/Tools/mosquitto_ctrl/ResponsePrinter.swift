// SPDX-License-Identifier: Apache-2.0
// Prints the broker's answers in the shapes scripts read.

import JSON

/// Turns the data of a response into the lines the command line prints.
enum ResponsePrinter {
    /// The lines for the answer to `command`; none for commands that only change something.
    static func lines(_ command: String, _ data: JSONValue) -> [String]? {
        switch command.lowercased() {
        case "listclients": return list(data["clients"], "username")
        case "listgroups": return list(data["groups"], "groupname")
        case "listroles": return list(data["roles"], "rolename")
        case "getclient": return data["client"].flatMap(client)
        case "getgroup": return data["group"].flatMap(group)
        case "getrole": return data["role"].flatMap(role)
        case "getdefaultaclaccess": return defaultAccess(data)
        case "getanonymousgroup":
            return data["group"]?["groupname"]?.text.map { [$0] }
        case "listplugins": return data["plugins"]?.elements.map { $0.flatMap(plugin) }
        case "listbridges": return data["bridges"]?.elements.map(bridges)
        case "listlisteners": return data["listeners"]?.elements.map(listeners)
        default: return []
        }
    }

    /// Names, one per line; verbose entries are reduced to theirs.
    private static func list(_ names: JSONValue?, _ key: String) -> [String]? {
        names?.elements?.compactMap { $0.text ?? $0[key]?.text }
    }

    // MARK: Dynamic security

    private static func client(_ client: JSONValue) -> [String]? {
        guard let name = client["username"]?.text else { return nil }
        let width = 12
        var lines = ["Username:".padded(to: width) + " " + name]
        let clientID = client["clientid"]?.text ?? ""
        lines.append(("Clientid:".padded(to: width) + " " + clientID).trimmingEnd)
        if let disabled = client["disabled"]?.flag {
            lines.append("Disabled:".padded(to: width) + " \(disabled)")
        }
        lines += entries("Roles:", width, client["roles"]) { prioritised($0, "rolename") }
        lines += entries("Groups:", width, client["groups"]) { prioritised($0, "groupname") }
        lines += entries("Connections:", width, client["connections"]) { $0["address"]?.text }
        return lines
    }

    private static func group(_ group: JSONValue) -> [String]? {
        guard let name = group["groupname"]?.text else { return nil }
        return ["Groupname: " + name]
            + entries("Roles:", 10, group["roles"]) { prioritised($0, "rolename") }
            + entries("Clients:", 10, group["clients"] ?? .array([])) { $0["username"]?.text }
    }

    private static func role(_ role: JSONValue) -> [String]? {
        guard let name = role["rolename"]?.text else { return nil }
        return ["Rolename: " + name] + entries("ACLs:", 9, role["acls"] ?? .array([]), rule)
    }

    private static func rule(_ rule: JSONValue) -> String? {
        guard let type = rule["acltype"]?.text, let topic = rule["topic"]?.text else { return nil }
        let access = rule["allow"]?.flag == true ? "allow" : "deny "
        let priority = rule["priority"]?.integer ?? -1
        return "\(type.padded(to: 20)) : \(access) : \(topic) (priority: \(priority))"
    }

    private static func defaultAccess(_ data: JSONValue) -> [String]? {
        data["acls"]?.elements?.compactMap { entry in
            guard let type = entry["acltype"]?.text, let allow = entry["allow"]?.flag else {
                return nil
            }
            return "\(type.padded(to: 20)) : \(allow ? "allow" : "deny")"
        }
    }

    private static func prioritised(_ entry: JSONValue, _ key: String) -> String? {
        entry[key]?.text.map { "\($0) (priority: \(entry["priority"]?.integer ?? -1))" }
    }

    /// A label with its entries in a column behind it; an empty array shows nothing at all, a
    /// missing one the bare label.
    private static func entries(
        _ label: String,
        _ width: Int,
        _ list: JSONValue?,
        _ text: (JSONValue) -> String?
    ) -> [String] {
        guard let elements = list?.elements else { return [label] }
        return elements.compactMap(text).enumerated().map { index, entry in
            (index == 0 ? label : "").padded(to: width) + " " + entry
        }
    }

    // MARK: Broker

    private static func plugin(_ plugin: JSONValue) -> [String] {
        let width = 18
        var lines = ["Plugin:".padded(to: width) + " " + (plugin["name"]?.text ?? "")]
        if let version = plugin["version"]?.text {
            lines.append("Version:".padded(to: width) + " " + version)
        }
        if let endpoints = plugin["control-endpoints"] {
            lines += entries("Control endpoints:", width, endpoints) { $0.text }
        }
        for (label, text) in process(of: plugin) {
            lines.append(label.padded(to: width) + " " + text)
        }
        return lines
    }

    /// How the process of a plugin is that has one, with labels.
    static func process(of plugin: JSONValue) -> [(String, String)] {
        guard let process = plugin["process"] else { return [] }
        let fields = [
            ("Process:", process["state"]?.text),
            ("Process id:", process["pid"]?.integer.map(String.init)),
            ("Restarts:", process["restarts"]?.integer.map(String.init)),
            ("Waiting questions:", process["pending"]?.integer.map(String.init)),
            ("Memory:", process["memory"]?.integer.map { "\($0) bytes" }),
            ("Failed answers:", process["failed-answers"]?.integer.map(String.init)),
            ("Answers as:", process["answers-as"]?.text),
            ("Last end:", process["last-end"]?.text),
            ("Last end at:", process["last-end-at"]?.text),
            ("Next start:", process["next-start"]?.text),
        ]
        return fields.compactMap { label, text in text.map { (label, $0) } }
    }

    private static func bridges(_ bridges: [JSONValue]) -> [String] {
        bridges.flatMap { bridge in
            let fields = [
                ("State:", bridge["state"]?.text),
                ("Since:", bridge["since"]?.text),
                ("Address:", bridge["address"]?.text),
                ("Local client id:", bridge["local-clientid"]?.text),
                ("Remote client id:", bridge["remote-clientid"]?.text),
                ("Protocol version:", bridge["protocol-version"]?.integer.map(String.init)),
                ("Last error:", bridge["last-error"]?.text),
                ("Next attempt:", bridge["next-attempt"]?.text),
            ]
            var lines = ["Bridge \(bridge["name"]?.text ?? ""):"]
            for (label, value) in fields {
                if let value { lines.append("  " + label.padded(to: 18) + " " + value) }
            }
            return lines + [""]
        }
    }

    private static func listeners(_ listeners: [JSONValue]) -> [String] {
        listeners.enumerated().flatMap { index, listener in
            var lines = ["Listener \(index + 1):"]
            let fields = [
                ("Port:", listener["port"]?.integer.map(String.init)),
                ("Protocol:", listener["protocol"]?.text),
                ("Socket path:", listener["socket-path"]?.text),
                ("Bind address:", listener["bind-address"]?.text),
                ("TLS:", listener["tls"]?.flag.map(String.init)),
            ]
            for (label, value) in fields {
                if let value { lines.append("  " + label.padded(to: 18) + " " + value) }
            }
            return lines + [""]
        }
    }
}
