// SPDX-License-Identifier: Apache-2.0
// The options of the plugin.

import PluginSDK

/// What `plugin_opt_…` lines ask of the plugin.
struct SparkplugOptions: Equatable {
    /// Whether NDEATH messages get the time of their delivery; false without the option.
    var replacesDeathTimestamps = false

    /// The option for that: `true` or `false`.
    static let timestampKey = "replace_ndeath_timestamp"

    /// Why options cannot be used.
    struct Fault: Error, Equatable {
        /// Which one, without `plugin_opt_`.
        let option: String
        /// A line for the log.
        let text: String
    }

    /// Reads options; of several with one key the last counts.
    init(_ options: PluginOptions) throws(Fault) {
        for option in options {
            guard option.key == Self.timestampKey else {
                throw Fault(
                    option: option.key,
                    text: "Error: Unknown option '\(option.key)'."
                )
            }
            switch option.value {
            case "true": replacesDeathTimestamps = true
            case "false": replacesDeathTimestamps = false
            default:
                throw Fault(
                    option: option.key,
                    text: "Error: Invalid plugin_opt_\(option.key) value '\(option.value)'."
                        + " It is true or false."
                )
            }
        }
    }
}
