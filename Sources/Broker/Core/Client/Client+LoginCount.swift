// SPDX-License-Identifier: Apache-2.0
// Logins are counted: begun, and how each of them ends.

import MQTT

extension Client {
    /// It is to be found out who a client is.
    func beginLogin(_ packet: ConnectPacket, _ identity: ClientIdentity) {
        assert(loginMethod == nil, "a connection has one login")
        counters.loginsBegun.add(1)
        loginMethod =
            if packet.authenticationMethod != nil {
                .extended
            } else {
                switch identity.proof {
                case .transport, .proxy: .transport
                default: identity.userName == nil ? .anonymous : .password
                }
            }
    }

    /// It has been decided about, or nobody waits for that any more; the first word counts.
    func noteLoginEnd(_ result: AuthenticationResult) {
        guard let method = loginMethod else { return }
        loginMethod = nil
        counters.authentication(result, method)
    }
}
