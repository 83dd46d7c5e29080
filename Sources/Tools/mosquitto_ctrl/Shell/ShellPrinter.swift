// SPDX-License-Identifier: Apache-2.0
// Prints the broker's answers in the shapes of the interactive shell.

import JSON

/// Turns the data of a response into the lines the shell shows.
struct ShellPrinter {
    let style: ShellStyle

    /// The lines for the answer to `command`; nil for data of a shape nobody knows.
    func lines(_ command: String, _ data: JSONValue) -> [String]? {
        switch command.lowercased() {
        case "listclients": return names(data["clients"], "username")
        case "listgroups": return names(data["groups"], "groupname")
        case "listroles": return names(data["roles"], "rolename")
        case "getclient": return data["client"].map(client)
        case "getgroup": return data["group"].map(group)
        case "getrole": return data["role"].map(role)
        case "getanonymousgroup": return data["group"]?["groupname"]?.text.map { [$0] }
        case "getdefaultaclaccess": return data["acls"]?.elements?.compactMap(defaultAccess)
        case "getdetails": return details(data)
        default: return nil
        }
    }

    /// The lines for the answer of the broker itself; nil likewise.
    func brokerLines(_ command: String, _ data: JSONValue) -> [String]? {
        switch command.lowercased() {
        case "listplugins": data["plugins"]?.elements?.flatMap(plugin)
        case "listlisteners": data["listeners"]?.elements?.flatMap(listener)
        default: BrokerPrinter.lines(command, data)
        }
    }

    private func names(_ list: JSONValue?, _ key: String) -> [String]? {
        list?.elements?.compactMap { $0.text ?? $0[key]?.text }
    }

    private func client(_ client: JSONValue) -> [String] {
        field("Username:", client["username"]) + field("Clientid:", client["clientid"])
            + (client["disabled"]?.flag == true ? block("Disabled:", ["true"]) : [])
            + texts(client)
            + block("Roles:", prioritised(client["roles"], "rolename"))
            + block("Groups:", prioritised(client["groups"], "groupname"))
    }

    private func group(_ group: JSONValue) -> [String] {
        field("Group name:", group["groupname"]) + texts(group)
            + block("Roles:", prioritised(group["roles"], "rolename"))
            + block("Clients:", names(group["clients"], "username") ?? [])
    }

    private func role(_ role: JSONValue) -> [String] {
        let wildcards = role["allowwildcardsubs"]?.flag.map { ["\($0)"] } ?? []
        return field("Role name:", role["rolename"]) + texts(role)
            + block("Allow wildcard subscriptions:", wildcards)
            + block("ACLs:", role["acls"]?.elements?.compactMap(rule) ?? [])
    }

    private func texts(_ entry: JSONValue) -> [String] {
        field("Text name:", entry["textname"])
            + field("Text description:", entry["textdescription"])
    }

    private func rule(_ rule: JSONValue) -> String? {
        guard let type = rule["acltype"]?.text, let topic = rule["topic"]?.text else { return nil }
        let priority = rule["priority"]?.integer ?? -1
        return "\(type.padded(to: 20)) \(access(rule)) \(topic) (priority \(priority))"
    }

    private func defaultAccess(_ entry: JSONValue) -> String? {
        entry["acltype"]?.text.map { "\($0.padded(to: 20)) \(access(entry))" }
    }

    private func access(_ entry: JSONValue) -> String {
        entry["allow"]?.flag == true ? style.paint("allow", .allow) : style.paint("deny", .deny)
    }

    private func prioritised(_ list: JSONValue?, _ key: String) -> [String] {
        list?.elements?.compactMap { entry in
            entry[key]?.text.map { "\($0) (priority: \(entry["priority"]?.integer ?? -1))" }
        } ?? []
    }

    private func details(_ data: JSONValue) -> [String]? {
        let fields = [
            ("Client count:", "clientCount"), ("Group count:", "groupCount"),
            ("Role count:", "roleCount"), ("Change index:", "changeIndex"),
        ]
        return fields.compactMap { label, key in
            data[key]?.integer.map { "\(style.paint(label.padded(to: 13), .label)) \($0)" }
        }
    }

    // MARK: Broker

    private func plugin(_ plugin: JSONValue) -> [String] {
        let endpoints = plugin["control-endpoints"]?.elements?.compactMap(\.text) ?? []
        return field("Plugin:", plugin["name"]) + field("Version:", plugin["version"])
            + block("Control endpoints:", endpoints)
            + BrokerPrinter.process(of: plugin).flatMap { block($0.0, [$0.1]) } + [""]
    }

    private func listener(_ listener: JSONValue) -> [String] {
        let fields = [
            ("Port:", listener["port"]?.integer.map(String.init)),
            ("Protocol:", listener["protocol"]?.text),
            ("Socket path:", listener["socket-path"]?.text),
            ("Bind address:", listener["bind-address"]?.text),
            ("TLS:", listener["tls"]?.flag.map(String.init)),
        ]
        let inner = fields.flatMap { label, value in value.map { block(label, [$0]) } ?? [] }
        return [style.paint("Listener:", .label)] + inner.map { "  " + $0 } + [""]
    }

    // MARK: Blocks

    private func field(_ label: String, _ value: JSONValue?) -> [String] {
        guard let text = value?.text, !text.isEmpty else { return [] }
        return block(label, [text])
    }

    /// A label with its values indented below; nothing at all without values.
    private func block(_ label: String, _ values: [String]) -> [String] {
        values.isEmpty ? [] : [style.paint(label, .label)] + values.map { "  " + $0 }
    }
}
