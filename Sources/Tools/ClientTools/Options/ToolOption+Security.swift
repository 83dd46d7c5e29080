// SPDX-License-Identifier: Apache-2.0
// Options about TLS.

import ProgramOptions

extension ToolOption {
    /// How the connection is protected.
    static let security: [ToolOption] = [
        .text(
            "--cafile",
            missing: "no file",
            as: .file,
            "certificates to trust.",
            to: \.tls.caFile
        ),
        .text(
            "--capath",
            missing: "no directory",
            as: .directory,
            "directory of certificates to trust.",
            to: \.tls.caPath
        ),
        .flag("--tls-use-os-certs", does: "trust the certificates the system trusts.") {
            $0.tls.usesSystemCertificates = true
        },
        .text(
            "--cert",
            missing: "no file",
            as: .file,
            "your certificate.",
            to: \.tls.certificateFile
        ),
        .text(
            "--key",
            missing: "no file",
            as: .file,
            "key of your certificate.",
            to: \.tls.keyFile
        ),
        .text(
            "--keyform",
            missing: "no keyform",
            as: .choice(["pem", "engine"]),
            "form of the key: pem or engine.",
            to: \.tls.keyForm
        ),
        .text(
            "--ciphers",
            missing: "no ciphers",
            "ciphers of TLS 1.2, as OpenSSL names them.",
            to: \.tls.ciphers
        ),
        .flag("--insecure", does: "do not compare the broker's name with its certificate.") {
            $0.tls.isInsecure = true
        },
        .text(
            "--tls-alpn",
            missing: "no protocol",
            "application protocol to ask for.",
            to: \.tls.applicationProtocol
        ),
        .text("--tls-engine", missing: "no engine_id", "OpenSSL engine.", to: \.tls.engine),
        .text(
            "--tls-engine-kpass-sha1",
            missing: "no kpass sha1",
            "hash of the password of the engine's key.",
            to: \.tls.enginePassword
        ),
        .text(
            "--tls-version",
            missing: "no version",
            as: .choice(["tlsv1.2", "tlsv1.3"]),
            "oldest version of TLS to accept.",
            to: \.tls.minimumVersion
        ),
        .text(
            "--tls-keylog",
            missing: "no file",
            as: .file,
            "append the secrets of TLS to this file.",
            to: \.tls.keyLogFile
        ),
        .text("--psk", missing: "no key", "pre-shared key in hexadecimal.", to: \.tls.psk),
        .text(
            "--psk-identity",
            missing: "no identity",
            "name of the pre-shared key.",
            to: \.tls.pskIdentity
        ),
        .flag("--no-tls", does: "no TLS, whatever other options say.") { $0.tls.isOff = true },
    ]
}
