// SPDX-License-Identifier: Apache-2.0
// What is counted about a plugin.

/// What has been counted about one plugin.
package struct PluginFigures: Sendable {
    /// The name it gave itself, or what its file is called.
    package let name: String
    /// By event.
    package let events: [CallbackStatistics.Figures]
}
