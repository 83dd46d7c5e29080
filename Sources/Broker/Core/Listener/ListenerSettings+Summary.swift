// SPDX-License-Identifier: Apache-2.0
// What a listener speaks, in words.

import Config

extension ListenerSettings {
    /// What it speaks, over what, and what it asks of clients: `mqtt, TLS, client certificates
    /// required`.
    var summary: String {
        var words: [String] =
            switch configuration.protocol {
            case .mqtt: ["mqtt"]
            case .websockets: ["mqtt over websockets"]
            case .httpApi: ["http api"]
            }
        let tls = configuration.tls
        if configuration.pskHint != nil, usesTLS {
            words.append("TLS with pre-shared keys")
        } else if usesTLS {
            words.append("TLS")
            if tls.requireCertificate { words.append("client certificates required") }
        } else {
            words.append("no TLS")
        }
        if let version = configuration.enableProxyProtocol {
            words.append("behind a proxy (PROXY protocol \(version))")
        }
        if configuration.protocol != .httpApi {
            words.append(allowsAnonymous ? "anonymous clients allowed" : "no anonymous clients")
        }
        return words.joined(separator: ", ")
    }
}
