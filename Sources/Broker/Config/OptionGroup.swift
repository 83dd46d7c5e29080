// SPDX-License-Identifier: Apache-2.0
// Which part of the broker an option belongs to.

/// The part of the broker an option belongs to.
package enum OptionGroup: String, Sendable, CaseIterable {
    /// Everything that is in none of the other groups.
    case general
    /// Certificate TLS of a listener.
    case tls
    /// Pre-shared keys.
    case psk
    /// WebSocket listeners.
    case websockets
    /// The HTTP API.
    case http
    /// The PROXY protocol.
    case proxy
    /// The snapshot database.
    case persistence
    /// Bridges.
    case bridge
    /// Plugins.
    case plugin
    /// Password and ACL files, which plugins carry out.
    case files
}
