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
