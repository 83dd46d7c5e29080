// SPDX-License-Identifier: Apache-2.0
// What comes of reading the configuration again, as an answer of the control API.

import Config
import Core
import JSON
import Log

extension Reloading {
    /// What has changed, and what is in force at the next start only.
    var report: JSONValue {
        var data = JSONMembers()
        data.add("changes", .array(changes.map(Self.entry)))
        let warnings = remarks.filter { $0.type == .warning || $0.type == .error }.map(\.message)
        if !warnings.isEmpty { data.add("warnings", warnings) }
        return data.object
    }

    private static func entry(_ change: ConfigurationChange) -> JSONValue {
        var entry = JSONMembers()
        entry.add("option", change.name)
        let owner = change.owner.hasPrefix(" of ") ? String(change.owner.dropFirst(4)) : nil
        entry.add("of", owner)
        if let values = change.values {
            entry.add("old", values.old)
            entry.add("new", values.new)
        }
        entry.add("place", change.place?.description)
        entry.add("needs-restart", change.needsRestart)
        return entry.object
    }
}
