// SPDX-License-Identifier: Apache-2.0
// The plugin's options.

/// What the configuration says, from `plugin_opt_…` lines.
package struct Settings: Sendable {
    /// The path of the state file; without one the plugin does nothing.
    package var configFile: String?
    /// A file with the first administrator's password.
    package var passwordInitFile: String?
    /// Iterations of PBKDF2 for new passwords.
    package var passwordIterations: Int32 = 1_000
    /// Whether a login with a weaker hash than new ones get replaces it.
    package var upgradesPasswords = false
    /// How long changes stay in the journal alone before the state file is written again.
    package var compactionDelayMilliseconds = 1_000

    /// The names of all options.
    package static let names = [
        "config_file", "password_init_file", "password_iterations", "password_upgrade",
        "compaction_delay_ms",
    ]

    /// The defaults.
    package init() {}

    /// Reads options, whose names are compared without regard to case; unknown ones are passed over.
    ///
    /// - Parameter complain: Called with a text for each value that makes no sense.
    package init(_ options: [(key: String, value: String)], complain: (String) -> Void) {
        for (key, value) in options {
            switch key.lowercased() {
            case "config_file": configFile = value
            case "password_init_file": passwordInitFile = value
            case "password_iterations":
                guard let number = Int32(value), number > 0 else {
                    complain("password_iterations '\(value)' is not a positive number")
                    continue
                }
                passwordIterations = number
            case "password_upgrade":
                guard let isOn = Settings.boolean(value) else {
                    complain("password_upgrade '\(value)' is neither true nor false")
                    continue
                }
                upgradesPasswords = isOn
            case "compaction_delay_ms":
                guard let number = Int(value), number >= 0 else {
                    complain("compaction_delay_ms '\(value)' is not a number of milliseconds")
                    continue
                }
                compactionDelayMilliseconds = number
            default: continue
            }
        }
    }

    private static func boolean(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "1": true
        case "false", "0": false
        default: nil
        }
    }
}
