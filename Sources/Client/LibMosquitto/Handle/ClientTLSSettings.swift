// SPDX-License-Identifier: Apache-2.0
// What a program has set about TLS.

import MQTTClient
import Net

/// What a program has set about TLS.
struct ClientTLSSettings {
    var authorityFile: String?
    var authorityFolder: String?
    var certificateFile: String?
    var keyFile: String?
    /// Who is asked for the password of the private key.
    var password: KeyPassword?
    var trustsSystem = false
    var verifies = true
    var ignoresHostName = false
    var requiresTLS13 = false
    var ciphers: String?
    var preSharedKey: MQTTTLS.PreSharedKey?
    var applicationProtocol: String?
    var requiresStatus = false
    /// A context of the program's own, of which a reference is held.
    var context: BorrowedTLSContext?
    /// Whether the other settings apply to that context.
    var appliesDefaults = true

    /// Whether connections are protected.
    var isOn: Bool { hasAuthority || preSharedKey != nil || context != nil }

    /// Whether something says whom to trust.
    var hasAuthority: Bool { authorityFile != nil || authorityFolder != nil || trustsSystem }
}
