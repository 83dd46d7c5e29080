// SPDX-License-Identifier: Apache-2.0
// The table of the options that stand in front of the module.

import MQTT
import ProgramOptions

extension OptionRule {
    /// Every option of the program.
    static let all: [OptionRule] = addresses + security + behaviour

    private static let addresses: [OptionRule] = [
        .text(
            "-A",
            argument: "address",
            as: .host,
            "local address to connect from",
            to: \.bindAddress
        ),
        .text("-h", "--host", argument: "host", as: .host, "host of the broker", to: \.host),
        .text("-i", "--id", argument: "id", "client identifier", to: \.clientID),
        .parsed(["-L", "--url"], argument: "URL", "URL of the broker") {
            BrokerURL.apply($1, to: &$0)
        },
        .parsed(["-p", "--port"], argument: "port", "port of the broker") { options, value in
            guard let port = UInt16(value) else { return "Error: Invalid port given: \(value)" }
            options.port = port
            return nil
        },
        .text("-P", "--pw", argument: "password", "password", to: \.password),
        .parsed(["--proxy"], argument: "proxy url", "URL of a SOCKS proxy") {
            BrokerURL.applyProxy($1, to: &$0)
        },
        .parsed(
            ["-q", "--qos"],
            argument: "QoS",
            as: .choice(["0", "1", "2"]),
            "quality of service of the requests"
        ) { options, value in
            guard let qos = UInt8(value), qos <= 2 else {
                return "Error: Invalid QoS given: \(value)"
            }
            options.qos = qos
            return nil
        },
        .text("-u", "--username", argument: "username", "user name", to: \.username),
        .text(
            "--unix",
            argument: "socket path",
            as: .file,
            "Unix domain socket of the broker",
            to: \.unixSocket
        ),
        .parsed(
            ["-V", "--protocol-version"],
            title: "--protocol-version",
            argument: "version",
            as: .choice(["mqttv5", "mqttv311", "mqttv31"]),
            "version of MQTT"
        ) { options, value in
            guard let version = ProtocolVersion(name: value) else {
                return "Error: Invalid protocol version argument given.\n"
            }
            options.version = version
            return nil
        },
    ]

    private static let security: [OptionRule] = [
        .text("--cafile", argument: "file", as: .file, "authorities to trust", to: \.caFile),
        .text(
            "--capath",
            argument: "directory",
            as: .directory,
            "directory of authorities to trust",
            to: \.caPath
        ),
        .text("--cert", argument: "file", as: .file, "your certificate", to: \.certificateFile),
        .text("--ciphers", argument: "ciphers", "ciphers of TLS 1.2", to: \.ciphers),
        .flag(
            "--insecure",
            summary: "do not compare the name of the broker with its certificate",
            to: \.isInsecure
        ),
        .text("--key", argument: "file", as: .file, "key of your certificate", to: \.keyFile),
        .text(
            "--keyform",
            argument: "keyform",
            as: .choice(["pem", "engine"]),
            "form of the key",
            to: \.keyForm
        ),
        .text("--psk", argument: "key", "pre-shared key in hexadecimal", to: \.psk),
        .text(
            "--psk-identity",
            argument: "identity",
            "name of the pre-shared key",
            to: \.pskIdentity
        ),
        .text(
            "--tls-alpn",
            argument: "protocol",
            "application protocol to ask for",
            to: \.tlsALPN
        ),
        .text("--tls-engine", argument: "engine_id", "OpenSSL engine", to: \.tlsEngine),
        .text(
            "--tls-engine-kpass-sha1",
            argument: "kpass sha1",
            "hash of the password of the engine",
            to: \.tlsEnginePassword
        ),
        .flag(
            "--tls-use-os-certs",
            summary: "trust the authorities the system trusts",
            to: \.usesSystemCertificates
        ),
        .text(
            "--tls-version",
            argument: "version",
            as: .choice(["tlsv1.2", "tlsv1.3"]),
            "oldest version of TLS to accept",
            to: \.tlsVersion
        ),
    ]

    private static let behaviour: [OptionRule] = [
        .flag("-d", "--debug", summary: "accepted", to: \.isDebug),
        .text(
            "-f",
            argument: "data file",
            as: .file,
            "work on a dynamic security file",
            to: \.dataFile
        ),
        .flag("--help", "--version", summary: "print usage and version", to: \.wantsHelp),
        .flag("--json", summary: "print the answer as JSON", to: \.printsJSON),
        .text(
            "-o",
            argument: "options file",
            as: .file,
            "read options from this file",
            to: \.optionsFile
        ),
        .flag("--quiet", summary: "no warning about missing encryption", to: \.isQuiet),
        .flag("-v", "--verbose", summary: "accepted", to: \.isVerbose),
    ]
}
