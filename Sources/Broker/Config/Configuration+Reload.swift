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
        for listener in new.listeners {
            guard let index = index(of: listener) else {
                guard !new.isLocalOnly else { continue }
                throw ConfigurationError(
                    "Error: It is not currently possible to add/remove listeners when"
                        + " reloading the config file."
                )
            }
            result.listeners[index] = listeners[index].applyingReload(of: listener)
        }
        result.isLocalOnly = isLocalOnly
        result.persistenceLocationOverride = persistenceLocationOverride
        return result
    }

    /// The options about where state is kept that `new`, as read from the file, has changed: they come
    /// into force at the next start.
    package func keptPersistenceOptions(of new: Configuration) -> [String] {
        var names: [String] = []
        if new.persistence != persistence { names.append("persistence") }
        if new.persistenceFile != persistenceFile { names.append("persistence_file") }
        if new.persistenceLocation != persistenceLocation { names.append("persistence_location") }
        if new.persistenceLog != persistenceLog { names.append("persistence_log") }
        if new.persistenceBuffer != persistenceBuffer { names.append("persistence_buffer") }
        return names
    }

    /// The position of the running listener that a listener of the new file means.
    private func index(of listener: ListenerConfiguration) -> Int? {
        // What `port` and `bind_address` say is not read again, so the two default ones always match.
        listeners.firstIndex {
            $0.isDefault == listener.isDefault && (listener.isDefault || $0.matches(listener))
        }
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
