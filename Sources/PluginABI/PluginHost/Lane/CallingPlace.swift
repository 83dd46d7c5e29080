// SPDX-License-Identifier: Apache-2.0
// On which thread callbacks are about to be called.

/// On which thread callbacks are about to be called.
enum CallingPlace: Sendable {
    /// The reactor of the worker that asks.
    case reactor
    /// The plugin thread.
    case pluginThread
    /// Any other.
    case elsewhere

    /// Whether a callback of the broker's own process may be called there.
    func allows(_ callback: Callback) -> Bool {
        self == .pluginThread || callback.plugin.isDirect
    }
}
