// SPDX-License-Identifier: Apache-2.0
// What the server keeps of a password.

import PluginSDK

/// What the server keeps of a password (RFC 5802 section 3): enough to check it, not to log in with it.
struct ScramCredential: Sendable, Equatable {
    let iterations: Int
    let salt: [UInt8]
    let storedKey: [UInt8]
    let serverKey: [UInt8]

    /// Keeps given keys.
    init(iterations: Int, salt: [UInt8], storedKey: [UInt8], serverKey: [UInt8]) {
        self.iterations = iterations
        self.salt = salt
        self.storedKey = storedKey
        self.serverKey = serverKey
    }

    /// Derives the keys from a prepared password.
    init?(password: [UInt8], salt: [UInt8], iterations: Int, mechanism: ScramMechanism) {
        guard
            let salted = mechanism.saltedPassword(password, salt: salt, iterations: iterations),
            let clientKey = mechanism.hmac(salted, Array("Client Key".utf8)),
            let storedKey = mechanism.hash(clientKey),
            let serverKey = mechanism.hmac(salted, Array("Server Key".utf8))
        else { return nil }
        self.init(iterations: iterations, salt: salt, storedKey: storedKey, serverKey: serverKey)
    }
}
