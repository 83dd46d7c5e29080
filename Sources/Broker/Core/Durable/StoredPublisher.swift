// SPDX-License-Identifier: Apache-2.0
// Who has published a message, as it is kept while no broker runs.

/// Who has published a message, as far as that is kept.
///
/// Equal are those whose names have the same bytes: to a String, different ones may be the same text.
package struct StoredPublisher: Sendable, Hashable {
    package let clientIdentifier: String
    package let userName: String?
    /// Port of the listener it came through; 0 when unknown.
    package let listenerPort: UInt16

    package init(clientIdentifier: String, userName: String?, listenerPort: UInt16) {
        self.clientIdentifier = clientIdentifier
        self.userName = userName
        self.listenerPort = listenerPort
    }

    package static func == (left: StoredPublisher, right: StoredPublisher) -> Bool {
        left.listenerPort == right.listenerPort
            && left.clientIdentifier.utf8.elementsEqual(right.clientIdentifier.utf8)
            && (left.userName == nil) == (right.userName == nil)
            && (left.userName ?? "").utf8.elementsEqual((right.userName ?? "").utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for byte in clientIdentifier.utf8 { hasher.combine(byte) }
        hasher.combine(listenerPort)
    }
}
