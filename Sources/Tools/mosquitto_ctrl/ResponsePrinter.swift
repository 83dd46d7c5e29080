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
    static func entries(
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
}
