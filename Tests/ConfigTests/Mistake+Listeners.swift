// SPDX-License-Identifier: Apache-2.0
// Mistakes about addresses, certificates and keys.

extension Mistake {
    private static let none = "No such file or directory"
    private static let tls = "listener 1884 127.0.0.1\ncertfile %D/cert.pem\nkeyfile %D/key.pem\n"

    static let listeners = [
        Mistake(
            "listener 1884 127.0.0.1\nlistener 1884 127.0.0.1",
            1,
            "Error: Address already in use: 127.0.0.1 port 1884; the listener at %F:1 has it"
                + " (listener at %F:2)"
        ),
        Mistake(
            "listener 1884 127.0.0.1\nlistener 1885\nlistener 1884 0.0.0.0",
            1,
            "Error: Address already in use: 0.0.0.0 port 1884; the listener at %F:1 has it"
                + " (listener at %F:3)"
        ),
        Mistake(
            "listener 1884 203.0.113.7",
            1,
            "Error: Cannot assign requested address: 203.0.113.7 port 1884;"
                + " no interface of this machine has that address (listener at %F:1)"
        ),
        Mistake(
            "listener 1884 no.such.host.invalid",
            1,
            "Error creating listener: Name or service not known: no.such.host.invalid port 1884"
                + " (listener at %F:1)"
        ),
        Mistake(
            "listener 0 %D/none/socket",
            1,
            "Error binding unix socket: \(none): %D/none/socket (listener at %F:1)"
        ),
        Mistake(
            "listener 0 %D/text",
            1,
            "Error binding unix socket: %D/text is there and no socket; it was left alone"
                + " (listener at %F:1)"
        ),
        Mistake(
            "listener 1884 127.0.0.1\nbind_interface nosuch0",
            1,
            "Error: Interface nosuch0 does not exist (listener at %F:1)."
        ),
        Mistake(
            "listener 1884\ncertfile %D/none\nkeyfile %D/key.pem",
            1,
            "Error: Unable to load server certificate \"%D/none\". Check certfile: \(none)"
                + " (certfile at %F:2)."
        ),
        Mistake(
            "listener 1884\ncertfile %D/text\nkeyfile %D/key.pem",
            1,
            "Error: Unable to load server certificate \"%D/text\". Check certfile:"
                + " it holds no certificate in PEM form (certfile at %F:2)."
        ),
        Mistake(
            "listener 1884\ncertfile %D/cert.pem\nkeyfile %D/other.key",
            1,
            "Error: Unable to load server key file \"%D/other.key\". Check keyfile:"
                + " it is not the key of certfile \"%D/cert.pem\" (keyfile at %F:3)."
        ),
        Mistake(
            "listener 1884\ncertfile %D/cert.pem\nkeyfile %D/text",
            1,
            "Error: Unable to load server key file \"%D/text\". Check keyfile:"
                + " it holds no private key in PEM form (keyfile at %F:3)."
        ),
        Mistake(
            tls + "cafile %D/text",
            1,
            "Error: Unable to load CA certificates. Check cafile \"%D/text\":"
                + " it holds no certificate in PEM form (cafile at %F:4)."
        ),
        Mistake(
            tls + "capath %D/none\nrequire_certificate true",
            1,
            "Error: Unable to load CA certificates. Check capath \"%D/none\": \(none)"
                + " (capath at %F:4)."
        ),
        Mistake(
            tls + "crlfile %D/none",
            1,
            "Error: Unable to load certificate revocation file \"%D/none\". Check crlfile: \(none)"
                + " (crlfile at %F:4)."
        ),
        Mistake(
            tls + "ciphers nonsense",
            1,
            "Error: Unable to set TLS ciphers. Check cipher list \"nonsense\" (ciphers at %F:4)."
        ),
        Mistake(
            tls + "tls_version tlsv9",
            1,
            "Error: Unsupported tls_version \"tlsv9\" (tls_version at %F:4)."
        ),
        Mistake(
            "listener 1884\npsk_hint h\npsk_file %D/none",
            13,
            "Error: Unable to open pwfile \"%D/none\".",
            "Error opening psk file \"%D/none\": \(none) (psk_file at %F:3)."
        ),
        Mistake(
            "listener 1884\npsk_hint h\npsk_file %D/psk_bad",
            3,
            "Error: psk for identity \"two\" contains non-hexadecimal characters.",
            "Error opening psk file \"%D/psk_bad\": line 2 (psk_file at %F:3)."
        ),
        Mistake(
            "password_file %D/none\nlistener 1884 203.0.113.7\ncertfile %D/none\nkeyfile %D/none",
            13,
            "Error: Unable to open pwfile \"%D/none\": \(none) (password_file at %F:1).",
            "Error: Cannot assign requested address: 203.0.113.7 port 1884;"
                + " no interface of this machine has that address (listener at %F:2)",
            "Error: Unable to load server certificate \"%D/none\". Check certfile: \(none)"
                + " (certfile at %F:3)."
        ),
    ]
}
