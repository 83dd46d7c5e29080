// SPDX-License-Identifier: Apache-2.0
// The files that programs and brokers of these tests need: certificates, keys, a plugin.

import Foundation
import Glibc
import TestSupport

/// A folder with `root.crt`, `client.crt` and `client-encrypted.key` for programs, `keys` and `steps.so` for brokers.
struct ProgramCertificates: Sendable {
    let directory: String
    /// A listener's lines for TLS.
    let serverLines: [String]

    /// Made once for all tests.
    static let shared = Result { try ProgramCertificates() }

    private init() throws {
        let certificates = try Certificates.shared.get()
        directory = try Broker.makeDirectory()
        serverLines = [
            "cafile \(certificates.path("ca.crt"))", "certfile \(certificates.path("server.crt"))",
            "keyfile \(certificates.path("server.key"))",
        ]
        for name in ["root.crt", "client.crt"] {
            try FileManager.default.copyItem(
                atPath: certificates.path(name),
                toPath: "\(directory)/\(name)"
            )
        }
        try Self.run(
            "/usr/bin/openssl",
            [
                "ec", "-in", certificates.path("client.key"), "-aes256", "-passout", "pass:secret",
                "-out", "\(directory)/client-encrypted.key",
            ]
        )
        let keys = directory + "/keys"
        try "name:0123456789abcdef\n".write(toFile: keys, atomically: false, encoding: .utf8)
        chmod(keys, 0o600)
        try Self.run(
            "/usr/bin/cc",
            [
                "-shared", "-fPIC", "-I\(Broker.packageRoot)/include", "-o",
                "\(directory)/steps.so",
                "\(Broker.packageRoot)/Tests/ABITests/C/host_exchange.c",
            ]
        )
    }

    private static func run(_ path: String, _ arguments: [String]) throws {
        let outcome = try ChildProcess.run(path, arguments, seconds: 60)
        guard outcome.status == 0 else { throw Mismatch("\(path): \(outcome.errors)") }
    }

    /// Removes the folder.
    static func cleanUp() {
        guard let made = try? shared.get() else { return }
        try? FileManager.default.removeItem(atPath: made.directory)
    }
}
