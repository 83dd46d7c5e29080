// SPDX-License-Identifier: Apache-2.0
// Whom a question is about.

import Core

extension HookQuestion {
    /// The client it is about.
    var client: ClientIdentity {
        switch self {
        case .authenticate(let client, _), .confirm(let client),
            .beginExchange(let client, _, _, _),
            .continueExchange(let client, _, _), .publish(let client, _, _, _),
            .control(let client, _), .subscribe(let client, _), .unsubscribe(let client, _),
            .access(let client, _), .deliver(let client, _), .publishStored(let client, _):
            client
        }
    }

    /// Whether it is about a client's coming in; the answer is of no use once the client has left.
    var isLogin: Bool {
        switch self {
        case .authenticate, .confirm, .beginExchange, .continueExchange: true
        default: false
        }
    }
}
