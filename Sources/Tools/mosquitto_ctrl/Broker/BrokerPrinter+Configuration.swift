// SPDX-License-Identifier: Apache-2.0
// The configuration and its changes for people.

import JSON

extension BrokerPrinter {
    /// The options, each with its place, below what they belong to.
    static func configuration(_ data: JSONValue) -> [String]? {
        guard let general = data["options"] else { return nil }
        var lines = options(general)
        for (key, name) in [
            ("listeners", "listener"), ("bridges", "connection"), ("plugins", "plugin"),
        ] {
            for part in data[key]?.elements ?? [] {
                lines += ["", "\(name) \(text(part[name]))"] + options(part["options"])
            }
        }
        return lines
    }

    private static func options(_ value: JSONValue?) -> [String] {
        var table = TextTable([
            .init(title: "OPTION"), .init(title: "VALUE", widthMax: 60),
            .init(title: "PLACE", widthMax: 60),
        ])
        for option in value?.elements ?? [] {
            let isSecret = option["is-secret"]?.flag == true
            let said = isSecret ? "(secret)" : text(option["value"])
            table.add([text(option["name"]), said, text(option["place"])])
        }
        return table.lines
    }

    /// What a reload would do, or why it would not.
    static func checked(_ data: JSONValue) -> [String]? {
        guard data["is-valid"]?.flag == true else {
            return data["errors"]?.elements.map { $0.map { text($0) } }
        }
        return data["reload"].flatMap(changes)
    }

    /// What has changed, or would.
    static func changes(_ data: JSONValue) -> [String]? {
        guard let changes = data["changes"]?.elements else { return nil }
        let lines = changes.map { change in
            let owner = change["of"].map { " of \(text($0))" } ?? ""
            let values = change["new"].map { ": \(text(change["old"])) -> \(text($0))" } ?? ""
            let place = change["place"].map { " (\(text($0)))" } ?? ""
            let ending = change["needs-restart"]?.flag == true ? ", after a restart" : ""
            return "\(text(change["option"]))\(owner)\(values)\(place)\(ending)"
        }
        let warnings = data["warnings"]?.elements?.map { text($0) } ?? []
        return (lines.isEmpty ? ["No option has changed."] : lines) + warnings
    }
}
