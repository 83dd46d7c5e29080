// SPDX-License-Identifier: Apache-2.0
// One option of the command line.

import MQTT
import ToolSupport

/// One option: its names, what its argument is called in errors, and what it sets.
struct OptionRule: Sendable {
    var names: [String]
    /// The name errors call it by.
    var title: String
    /// What is missing when the argument is; nil for options without one.
    var argument: String?
    /// Stores the argument, or says why it cannot be.
    var apply: @Sendable (inout ConnectionOptions, String) -> String?

    /// An option that stores its argument as it is.
    static func text(
        _ names: String...,
        argument: String,
        to path: any WritableKeyPath<ConnectionOptions, String?> & Sendable
    ) -> OptionRule {
        OptionRule(names: names, title: names[0], argument: argument) { options, value in
            options[keyPath: path] = value
            return nil
        }
    }

    /// An option that is given or not.
    static func flag(
        _ names: String...,
        to path: any WritableKeyPath<ConnectionOptions, Bool> & Sendable
    ) -> OptionRule {
        OptionRule(names: names, title: names[0], argument: nil) { options, _ in
            options[keyPath: path] = true
            return nil
        }
    }

    /// An option whose argument is checked; `apply` returns the error text.
    static func parsed(
        _ names: [String],
        title: String? = nil,
        argument: String,
        apply: @escaping @Sendable (inout ConnectionOptions, String) -> String?
    ) -> OptionRule {
        OptionRule(names: names, title: title ?? names[0], argument: argument, apply: apply)
    }
}

extension OptionRule {
    /// Every option of the program.
    static let all: [OptionRule] = addresses + security + behaviour

    private static let addresses: [OptionRule] = [
        .text("-A", argument: "address", to: \.bindAddress),
        .text("-h", "--host", argument: "host", to: \.host),
        .text("-i", "--id", argument: "id", to: \.clientID),
        .parsed(["-L", "--url"], argument: "URL") { BrokerURL.apply($1, to: &$0) },
        .parsed(["-p", "--port"], argument: "port") { options, value in
            guard let port = UInt16(value) else { return "Error: Invalid port given: \(value)" }
            options.port = port
            return nil
        },
        .text("-P", "--pw", argument: "password", to: \.password),
        .parsed(["--proxy"], argument: "proxy url") { BrokerURL.applyProxy($1, to: &$0) },
        .parsed(["-q", "--qos"], argument: "QoS") { options, value in
            guard let qos = UInt8(value), qos <= 2 else {
                return "Error: Invalid QoS given: \(value)"
            }
            options.qos = qos
            return nil
        },
        .text("-u", "--username", argument: "username", to: \.username),
        .text("--unix", argument: "socket path", to: \.unixSocket),
        .parsed(
            ["-V", "--protocol-version"],
            title: "--protocol-version",
            argument: "version"
        ) { options, value in
            guard let version = ProtocolVersion(name: value) else {
                return "Error: Invalid protocol version argument given.\n"
            }
            options.version = version
            return nil
        },
    ]

    private static let security: [OptionRule] = [
        .text("--cafile", argument: "file", to: \.caFile),
        .text("--capath", argument: "directory", to: \.caPath),
        .text("--cert", argument: "file", to: \.certificateFile),
        .text("--ciphers", argument: "ciphers", to: \.ciphers),
        .flag("--insecure", to: \.isInsecure),
        .text("--key", argument: "file", to: \.keyFile),
        .text("--keyform", argument: "keyform", to: \.keyForm),
        .text("--psk", argument: "key", to: \.psk),
        .text("--psk-identity", argument: "identity", to: \.pskIdentity),
        .text("--tls-alpn", argument: "protocol", to: \.tlsALPN),
        .text("--tls-engine", argument: "engine_id", to: \.tlsEngine),
        .text("--tls-engine-kpass-sha1", argument: "kpass sha1", to: \.tlsEnginePassword),
        .flag("--tls-use-os-certs", to: \.usesSystemCertificates),
        .text("--tls-version", argument: "version", to: \.tlsVersion),
    ]

    private static let behaviour: [OptionRule] = [
        .flag("-d", "--debug", to: \.isDebug),
        .text("-f", argument: "data file", to: \.dataFile),
        .flag("--help", "--version", to: \.wantsHelp),
        .flag("--json", to: \.printsJSON),
        .text("-o", argument: "options file", to: \.optionsFile),
        .flag("--quiet", to: \.isQuiet),
        .flag("-v", "--verbose", to: \.isVerbose),
    ]
}
