// SPDX-License-Identifier: Apache-2.0
// Who asks something of the broker.

import Net

/// Who asks something of the broker, as answers and audit lines name it.
package struct ControlActor: Sendable, Equatable {
    /// The client it has asked with.
    package let clientIdentifier: String
    /// Its user name; nil for anonymous clients.
    package let userName: String?
    /// Where it has come from, as log lines say it.
    package let address: String
    /// Whether a rule about access has let the request through.
    package let isAllowedByRule: Bool

    /// Somebody who asks through MQTT.
    package init(_ identity: ClientIdentity, isAllowedByRule: Bool) {
        self.init(
            clientIdentifier: identity.clientIdentifier,
            userName: identity.userName,
            address: "\(identity.peer.host):\(identity.peer.port)",
            isAllowedByRule: isAllowedByRule
        )
    }

    init(
        clientIdentifier: String,
        userName: String?,
        address: String,
        isAllowedByRule: Bool
    ) {
        self.clientIdentifier = clientIdentifier
        self.userName = userName
        self.address = address
        self.isAllowedByRule = isAllowedByRule
    }

    /// Whether somebody stands behind what it asks: a rule, or at least a user name.
    ///
    /// Who is anonymous may administer nothing unless a rule says so.
    var isVouchedFor: Bool { isAllowedByRule || userName != nil }
}
