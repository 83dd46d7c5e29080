// SPDX-License-Identifier: Apache-2.0
// What a file says otherwise than the configuration that is in force.

/// An option that a file says otherwise than it is in force.
package struct ConfigurationChange: Sendable, Equatable {
    /// The option.
    package let name: String
    /// Whose it is: ` of listener 1883`, ` of bridge cloud`; empty for the broker's own.
    package let owner: String
    /// Its values in force and in the file: as written, `default` where nothing is; nil if they are secret.
    package let values: (old: String, new: String)?
    /// Where the file says so; nil if it says nothing.
    package let place: OptionPlace?
    /// Whether only a restart brings it into force.
    package let needsRestart: Bool

    /// The line to log when it has been taken over, or kept for the next start.
    package var line: String {
        let arrow = values.map { ": \($0.old) -> \($0.new)" } ?? ""
        let place = place.map { " (\($0))" } ?? ""
        guard needsRestart else { return "Reloaded '\(name)'\(owner)\(arrow)\(place)." }
        return
            "Warning: The '\(name)' option\(owner) comes into force at the next start\(arrow)\(place)."
    }

    /// Two changes are the same if they say the same.
    package static func == (left: Self, right: Self) -> Bool {
        left.line == right.line && left.place == right.place
    }
}

extension Configuration {
    /// What `new`, as read from the file, says otherwise: general options by name, listeners in their
    /// order, bridges, then plugins.
    ///
    /// Values are compared as they are written, so `true` and `1` differ.
    package func changes(in new: Configuration) -> [ConfigurationChange] {
        var changes = changes(in: new, here: .general, there: .general, owner: "")
        for (position, listener) in new.listeners.enumerated() {
            guard let index = index(of: listener) else { continue }
            changes += self.changes(
                in: new,
                here: .listener(index),
                there: .listener(position),
                owner: " of \(listener.title)"
            )
        }
        for (index, listener) in listeners.enumerated()
        where !isLocalOnly && !new.listeners.contains(where: { self.index(of: $0) == index }) {
            changes.append(
                ConfigurationChange(
                    name: "listener",
                    owner: "",
                    values: (listener.address, "none"),
                    place: nil,
                    needsRestart: true
                )
            )
        }
        return changes + changedBridges(in: new) + changedPlugins(in: new)
    }

    /// Bridges are the same that have the same name.
    private func changedBridges(in new: Configuration) -> [ConfigurationChange] {
        var changes: [ConfigurationChange] = []
        for (position, bridge) in new.bridges.enumerated() {
            if let index = bridges.firstIndex(where: { $0.name == bridge.name }) {
                changes += self.changes(
                    in: new,
                    here: .bridge(index),
                    there: .bridge(position),
                    owner: " of bridge \(bridge.name)"
                )
            } else {
                changes.append(
                    ConfigurationChange(
                        name: "connection",
                        owner: "",
                        values: ("none", bridge.name),
                        place: new.places["connection", .bridge(position)],
                        needsRestart: false
                    )
                )
            }
        }
        for bridge in bridges where !new.bridges.contains(where: { $0.name == bridge.name }) {
            changes.append(
                ConfigurationChange(
                    name: "connection",
                    owner: "",
                    values: (bridge.name, "none"),
                    place: nil,
                    needsRestart: false
                )
            )
        }
        return changes
    }

    private func changes(
        in new: Configuration,
        here: OptionPlaces.Section,
        there: OptionPlaces.Section,
        owner: String
    ) -> [ConfigurationChange] {
        let old = places.options(in: here)
        let next = new.places.options(in: there)
        return Set(old.keys).union(next.keys).subtracting(["listener", OptionPlaces.logFile])
            .sorted().compactMap {
                name in
                guard old[name]?.value != next[name]?.value else { return nil }
                let isSecret = Self.secrets.contains(name)
                return ConfigurationChange(
                    name: name,
                    owner: owner,
                    values: isSecret
                        ? nil : (old[name]?.value ?? "default", next[name]?.value ?? "default"),
                    place: next[name]?.place,
                    needsRestart: here.isStartOnly(name)
                )
            }
    }

    /// Options of plugins may be secret, so their values are not shown.
    private func changedPlugins(in new: Configuration) -> [ConfigurationChange] {
        var changes: [ConfigurationChange] = []
        for index in 0..<max(plugins.count, new.plugins.count) {
            let old = plugins.indices.contains(index) ? plugins[index] : nil
            let next = new.plugins.indices.contains(index) ? new.plugins[index] : nil
            let isSame =
                old?.path == next?.path && old?.name == next?.name
                && old?.options == next?.options
                && old?.symbols == next?.symbols && old?.denySpecialChars == next?.denySpecialChars
                && old?.isolation == next?.isolation
            guard !isSame else { continue }
            let hasMoved = old?.path != next?.path || old?.name != next?.name
            changes.append(
                ConfigurationChange(
                    name: hasMoved ? "plugin" : "plugin_opt_KEY",
                    owner: hasMoved ? "" : " of plugin \(next?.path ?? "")",
                    values: hasMoved ? (old?.path ?? "none", next?.path ?? "none") : nil,
                    place: next.map { OptionPlace(file: $0.file, line: $0.line) },
                    needsRestart: true
                )
            )
        }
        return changes
    }

    /// The options whose values no log line shows.
    static let secrets: Set = [
        "remote_password", "password", "local_password", "bridge_psk", "tls_engine_kpass_sha1",
    ]
}

extension OptionPlaces.Section {
    /// Whether only a restart changes an option of this section.
    func isStartOnly(_ name: String) -> Bool {
        switch self {
        case .general: GeneralOptions.startOnly[name] != nil
        case .listener: ListenerOptions.startOnly[name] != nil
        case .bridge: false
        }
    }
}

extension ListenerConfiguration {
    /// The listener as the file names it: `listener 1883 127.0.0.1`.
    package var title: String { "listener \(address)" }

    /// Port and host, or the path of the socket.
    fileprivate var address: String {
        if let unixSocketPath { return "0 \(unixSocketPath)" }
        return host.map { "\(port) \($0)" } ?? "\(port)"
    }
}
