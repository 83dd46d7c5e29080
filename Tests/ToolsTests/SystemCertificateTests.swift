// SPDX-License-Identifier: Apache-2.0
// mosquitto_ctrl and the certificates that the system trusts.

import TestSupport
import Testing

@Suite("The system's certificates")
struct SystemCertificateTests {
    @Test("They are trusted beside those of a file")
    func beside() throws {
        let certificates = try Certificates.shared.get()
        let broker = try Broker(
            "enable_control_api true\nallow_anonymous true\nlistener %PORT% 127.0.0.1\n"
                + "certfile \(certificates.path("server.crt"))\n"
                + "keyfile \(certificates.path("server.key"))\n",
            workers: 1
        )
        let environment = [
            "SSL_CERT_FILE": certificates.path("root.crt"), "XDG_CONFIG_HOME": "/nonexistent",
        ]
        for (more, status) in [([], CInt(8)), (["--tls-use-os-certs"], 0)] {
            let outcome = try ChildProcess.run(
                ToolProgram.ctrl.path,
                [
                    "-h", "localhost", "-p", "\(broker.port)", "--cafile",
                    certificates.path("other.crt"),
                ] + more + ["broker", "listListeners"],
                environment: environment
            )
            #expect(outcome.status == status, "\(outcome.errors)")
        }
        let outcome = try ChildProcess.run(
            "/bin/sh",
            [
                "-c", "echo connect localhost:$1 | \"$0\" --tls-use-os-certs",
                ToolProgram.ctrl.path, "\(broker.port)",
            ],
            environment: environment
        )
        #expect(!outcome.output.contains("Unable to connect"), "\(outcome.output)")
        try broker.stop()
    }
}
