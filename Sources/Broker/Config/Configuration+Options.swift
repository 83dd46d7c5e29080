// SPDX-License-Identifier: Apache-2.0
// The options of a configuration as they are in force, for whoever wants to see them.

/// An option as it is in force.
package struct ConfiguredOption: Sendable, Equatable {
    /// The option.
    package let name: String
    /// What it says, as written; nil if that is secret.
    package let value: String?
    /// Where it says so; of several lines that add up the last one.
    package let place: OptionPlace
}

extension Configuration {
    /// The options that files say, in the order of their lines.
    package func options(in section: OptionPlaces.Section) -> [ConfiguredOption] {
        places.options(in: section)
            .filter { $0.key != OptionPlaces.logFile }
            .map { name, entry in
                let isSecret = Self.secrets.contains(name)
                return ConfiguredOption(
                    name: name,
                    value: isSecret ? nil : entry.value,
                    place: entry.place
                )
            }
            .sorted { ($0.place.file, $0.place.line) < ($1.place.file, $1.place.line) }
    }
}
