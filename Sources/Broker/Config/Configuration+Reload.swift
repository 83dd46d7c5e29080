// SPDX-License-Identifier: Apache-2.0
// What of a new configuration takes effect while the broker runs.

extension Configuration {
    /// The configuration that is in force after a reload found `new` in the file.
    ///
    /// Options that the original broker reads again take their new value; those that are marked
    /// `untilRestart` in their table keep the one they had at start. Nothing changes if this throws: a listener that the broker does not have
    /// abandons the reload.
    package func applyingReload(
        of new: Configuration
    ) throws(ConfigurationError) -> Configuration {
        var result = new
        result.keepStartValues(of: self)
        result.listeners = listeners
        for (position, listener) in new.listeners.enumerated() {
            guard let index = index(of: listener) else {
                guard !new.isLocalOnly else { continue }
                let place = new.places["listener", .listener(position)]
                throw ConfigurationError(
                    [
                        "Error: It is not currently possible to add/remove listeners when"
                            + " reloading the config file."
                    ] + (place.map { ["Error found at \($0)."] } ?? [])
                )
            }
            result.listeners[index] = listeners[index].applyingReload(of: listener)
        }
        result.places = placesApplyingReload(of: new)
        result.isLocalOnly = isLocalOnly
        result.persistenceLocationOverride = persistenceLocationOverride
        return result
    }

    /// The position of the running listener that a listener of the new file means.
    func index(of listener: ListenerConfiguration) -> Int? {
        // What `port` and `bind_address` say is not read again, so the two default ones always match.
        listeners.firstIndex {
            $0.isDefault == listener.isDefault && (listener.isDefault || $0.matches(listener))
        }
    }

    /// Where the options stand that are in force after a reload; those that only a restart changes
    /// stay where they were.
    private func placesApplyingReload(of new: Configuration) -> OptionPlaces {
        let kept = places.moved { name, section in
            section.isStartOnly(name) || !isNamed(section, in: new) ? section : nil
        }
        let taken = new.places.moved { name, section in
            guard !section.isStartOnly(name) else { return nil }
            guard case .listener(let position) = section else { return section }
            guard new.listeners.indices.contains(position) else { return nil }
            return index(of: new.listeners[position]).map { .listener($0) }
        }
        return kept.merged(with: taken)
    }

    /// Whether the new file has a section of this configuration.
    private func isNamed(_ section: OptionPlaces.Section, in new: Configuration) -> Bool {
        guard case .listener(let position) = section else { return true }
        return new.listeners.contains { index(of: $0) == position }
    }

    /// Puts back the options that only a restart changes.
    private mutating func keepStartValues(of old: Configuration) {
        for keep in GeneralOptions.startOnly.values { keep(&self, old) }
    }
}

extension ListenerConfiguration {
    /// The settings of this running listener after its `listener` line was read again.
    func applyingReload(of new: ListenerConfiguration) -> ListenerConfiguration {
        var result = new
        for keep in ListenerOptions.startOnly.values { keep(&result, self) }
        return result
    }
}
