// SPDX-License-Identifier: Apache-2.0
// What of the configuration language this version carries out.

import Config

/// Refuses options that would be accepted and then do nothing.
enum Support {
    /// Groups of options that have no implementation yet.
    private static let unsupported: Set<OptionGroup> = [
        .bridge
    ]

    /// Throws one clear line for the first option that is not supported by this version.
    static func check(_ configuration: Configuration) throws(ConfigurationError) {
        guard let option = configuration.usedOptions(in: unsupported).first else { return }
        throw ConfigurationError([
            "Error: The '\(option.name)' option is not supported by this version.",
            "Error found at \(option.file):\(option.line).",
        ])
    }
}
