// SPDX-License-Identifier: Apache-2.0
// Everything the command line can say about how to reach the broker.

import MQTT

extension ProtocolVersion {
    /// The version by one of the names the command line knows.
    init?(name: String) {
        switch name {
        case "mqttv31", "31": self = .v31
        case "mqttv311", "311": self = .v311
        case "mqttv5", "5": self = .v5
        default: return nil
        }
    }
}

/// A SOCKS5 proxy that resolves names itself.
struct ProxyAddress: Equatable {
    var host = ""
    var port: UInt16 = 1080
    var username: String?
    var password: String?
}

/// How to reach the broker and how to behave; the words of options and options file put together.
struct ConnectionOptions: Equatable {
    var host: String?
    var port: UInt16?
    var unixSocket: String?
    var bindAddress: String?
    var clientID: String?
    var username: String?
    var password: String?
    var version = ProtocolVersion.v5
    var qos: UInt8 = 1

    /// Carry MQTT in a WebSocket; only the shell can.
    var usesWebSocket = false

    var caFile: String?
    var caPath: String?
    var certificateFile: String?
    var keyFile: String?
    var keyForm: String?
    var ciphers: String?
    var tlsVersion: String?
    var tlsALPN: String?
    var tlsEngine: String?
    var tlsEnginePassword: String?
    var usesSystemCertificates = false
    var isInsecure = false
    var psk: String?
    var pskIdentity: String?
    var proxy: ProxyAddress?

    var dataFile: String?
    var optionsFile: String?
    var isQuiet = false
    var isDebug = false
    var isVerbose = false
    /// Ours: print the broker's answer as JSON.
    var printsJSON = false
    var wantsHelp = false

    /// The port to use: 8883 as soon as the options speak of certificates or keys.
    var effectivePort: UInt16 {
        port ?? (caFile != nil || caPath != nil || psk != nil ? 8883 : 1883)
    }

    /// Whether the connection is made through TLS.
    var usesTLS: Bool {
        guard unixSocket == nil else { return false }
        return caFile != nil || caPath != nil || usesSystemCertificates || psk != nil
            || effectivePort == 8883
    }

    /// What is wrong with the options as a whole; nil when they go together.
    var conflict: String? {
        if (certificateFile == nil) != (keyFile == nil) {
            return "Error: Both certfile and keyfile must be provided if one of them is set."
        }
        if keyForm != nil && keyFile == nil {
            return "Error: If keyform is set, keyfile must be also specified."
        }
        if tlsEnginePassword != nil && (tlsEngine == nil || keyForm == nil) {
            return "Error: when using tls-engine-kpass-sha1, both tls-engine and keyform must also "
                + "be provided."
        }
        if psk != nil && (caFile != nil || caPath != nil) {
            return "Error: Only one of --psk or --cafile/--capath may be used at once."
        }
        if psk != nil && pskIdentity == nil {
            return "Error: --psk-identity required if --psk used."
        }
        return nil
    }
}
