// SPDX-License-Identifier: Apache-2.0
// Plugins, bridges and listeners for people, in the shapes scripts read.

import JSON

extension BrokerPrinter {
    static func plugin(_ plugin: JSONValue) -> [String] {
        let width = 18
        var lines = ["Plugin:".padded(to: width) + " " + (plugin["name"]?.text ?? "")]
        if let version = plugin["version"]?.text {
            lines.append("Version:".padded(to: width) + " " + version)
        }
        if let endpoints = plugin["control-endpoints"] {
            lines += ResponsePrinter.entries("Control endpoints:", width, endpoints) { $0.text }
        }
        for (label, key) in [
            ("Calls:", "calls"), ("Errors:", "errors"), ("Slow calls:", "slow-calls"),
        ] {
            if let count = plugin[key]?.integer {
                lines.append(label.padded(to: width) + " \(count)")
            }
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

    static func bridges(_ bridges: [JSONValue]) -> [String] {
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

    static func listeners(_ listeners: [JSONValue]) -> [String] {
        listeners.enumerated().flatMap { index, listener in
            let fields = place(of: listener) + load(of: listener) + certificates(of: listener)
            return ["Listener \(index + 1):"]
                + fields.map { "  " + $0.0.padded(to: 18) + " " + $0.1 } + [""]
        }
    }

    private static func place(of listener: JSONValue) -> [(String, String)] {
        let fields: [(String, String?)] = [
            ("Port:", listener["port"]?.integer.map(String.init)),
            ("Protocol:", listener["protocol"]?.text),
            ("Socket path:", listener["socket-path"]?.text),
            ("Bind address:", listener["bind-address"]?.text),
            ("TLS:", listener["tls"]?.flag.map(String.init)),
        ]
        return fields.compactMap { label, value in value.map { (label, $0) } }
    }

    private static func load(of listener: JSONValue) -> [(String, String)] {
        let fields: [(String, String)] = [
            ("Anonymous:", "anonymous"), ("Connections:", "connections"), ("Limit:", "limit"),
            ("Accepted:", "accepted"), ("Failed handshakes:", "failed-handshakes"),
        ]
        return fields.compactMap { label, key in listener[key].map { (label, text($0)) } }
    }

    private static func certificates(of listener: JSONValue) -> [(String, String)] {
        let ends = (listener["certificates"]?.elements ?? []).map { certificate in
            let days = text(certificate["days-left"])
            return "\(text(certificate["kind"])) until \(text(certificate["ends"])), \(days) days"
        }
        let changed = ["certfile", "cafile"].filter { listener["\($0)-changed"]?.flag == true }
        return ends.map { ("Certificate:", $0) } + changed.map { ("Changed on disk:", $0) }
    }
}
