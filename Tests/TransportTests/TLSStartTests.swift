// SPDX-License-Identifier: Apache-2.0
// What is wrong with TLS options ends the start with one clear line.

import Foundation
import TestSupport
import Testing

@Suite("Starting with TLS")
struct TLSStartTests {
    /// Options that go wrong at start, with the line they must give.
    ///
    /// `%C` is the directory of certificates, `%F` the place of an option.
    private static let none = "No such file or directory"

    static let failures: [(options: String, line: String)] = [
        (
            "certfile %C/none.crt\nkeyfile %C/server.key",
            "Error: Unable to load server certificate \"%C/none.crt\". Check certfile: \(none) (certfile at %F)."
        ),
        (
            "certfile %C/server.crt\nkeyfile %C/none.key",
            "Error: Unable to load server key file \"%C/none.key\". Check keyfile: \(none) (keyfile at %F)."
        ),
        (
            "certfile %C/server.crt\nkeyfile %C/client.key",
            "Error: Unable to load server key file \"%C/client.key\". Check keyfile: it is not the key of"
                + " certfile \"%C/server.crt\" (keyfile at %F)."
        ),
        (
            "certfile %C/server.crt\nkeyfile %C/server.key\ncafile %C/none.crt",
            "Error: Unable to load CA certificates. Check cafile \"%C/none.crt\": \(none) (cafile at %F)."
        ),
        (
            "certfile %C/server.crt\nkeyfile %C/server.key\ncrlfile %C/none.pem",
            "Error: Unable to load certificate revocation file \"%C/none.pem\". Check crlfile: \(none) (crlfile at %F)."
        ),
        (
            "certfile %C/server.crt\nkeyfile %C/server.key\nciphers nonsense",
            "Error: Unable to set TLS ciphers. Check cipher list \"nonsense\" (ciphers at %F)."
        ),
        (
            "certfile %C/server.crt\nkeyfile %C/server.key\nciphers_tls1.3 nonsense",
            "Error: Unable to set TLS 1.3 ciphersuites. Check cipher_tls13 list \"nonsense\""
                + " (ciphers_tls1.3 at %F)."
        ),
        (
            "certfile %C/server.crt\nkeyfile %C/server.key\ntls_version tlsv9",
            "Error: Unsupported tls_version \"tlsv9\" (tls_version at %F)."
        ),
        (
            "certfile %C/server.crt\nkeyfile %C/server.key\ntls_engine pkcs11",
            "Error: OpenSSL 3 has no engines; use a key file in PEM form (tls_engine at %F)."
        ),
        (
            "certfile %C/server.crt\nkeyfile %C/server.key\ntls_keyform engine",
            "Error: OpenSSL 3 has no engines; use a key file in PEM form (tls_keyform at %F)."
        ),
        (
            "psk_hint h\nciphers nonsense",
            "Error: Unable to set TLS ciphers. Check cipher list \"nonsense\" (ciphers at %F)."
        ),
    ]

    @Test("A broken option ends the start with exit status 1", arguments: failures)
    func failure(options: String, line: String) throws {
        let directory = try certificates().directory
        let config = "listener %PORT% 127.0.0.1\n" + options.replacing("%C", with: directory)
        let outcome = try refusal(of: config)
        #expect(outcome.status == 1)
        let lines = outcome.errors.split(separator: "\n").map {
            Broker.withoutTimeStamp(String($0)).replacing(#/ at [^ ]+:[0-9]+\)/#, with: " at %F)")
        }
        #expect(lines.contains(line.replacing("%C", with: directory)), "\(lines)")
    }

    @Test("OpenSSL's reasons follow the line")
    func reasons() throws {
        let outcome = try refusal(
            of: "listener %PORT% 127.0.0.1\ncertfile /none.crt\nkeyfile /none.key\n"
        )
        #expect(outcome.errors.contains("OpenSSL Error[0]: error:80000002:system library::"))
    }

    @Test("--test-config opens certificates")
    func configTest() throws {
        let outcome = try refusal(
            of: "listener %PORT% 127.0.0.1\ncertfile /none.crt\nkeyfile /none.key\n",
            arguments: ["--test-config"]
        )
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("Error: Unable to load server certificate \"/none.crt\"."))
    }

    @Test(
        "A key file that cannot be read ends with 13, one with nonsense with 3",
        arguments: [
            (nil, 13, "Error: Unable to open pwfile \"%DIR%/psk\"."),
            ("a:zz\n", 3, "Error: psk for identity \"a\" contains non-hexadecimal characters."),
        ]
    )
    func keyFile(content: String?, status: CInt, line: String) throws {
        let directory = try Broker.makeDirectory()
        if let content {
            try content.write(toFile: directory + "/psk", atomically: false, encoding: .utf8)
        }
        let outcome = try refusal(
            of: "listener %PORT% 127.0.0.1\npsk_hint h\npsk_file \(directory)/psk\n"
        )
        #expect(outcome.status == status)
        #expect(outcome.errors.contains(line.replacing("%DIR%", with: directory)))
        #expect(outcome.errors.contains("Error opening psk file \"\(directory)/psk\": "))
        #expect(outcome.errors.contains("(psk_file at "))
    }

    @Test("A DH parameter file is ignored with a warning")
    func parameters() throws {
        let broker = try Broker.shared(
            open + tlsListener("%PORT%", "dhparamfile /none.pem"),
            workers: 1
        )
        _ = try RawClient.overTLS(broker, certificates().client)
    }
}
