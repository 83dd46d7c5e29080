// SPDX-License-Identifier: Apache-2.0
// Programs that nobody has compiled for these tests: Debian's tools, and Python.

import Foundation
import TestSupport
import Testing

@Suite("Other people's programs on the client library")
struct DebianToolTests {
    /// Runs a program on our library.
    private func run(_ path: String, _ words: [String]) throws -> Outcome {
        try ChildProcess.run(
            path,
            words,
            environment: [
                "LD_LIBRARY_PATH": try ClientLibrary.folder.get(),
                "XDG_CONFIG_HOME": "/nonexistent",
            ],
            seconds: 40
        )
    }

    /// A broker that wants certificates, with dynamic security, and the words that satisfy it.
    private func secured() throws -> (broker: Broker, words: [String]) {
        let certificates = try Certificates.shared.get()
        let folder = try TemporaryFolder()
        let made = try ChildProcess.run(
            Broker.built("mosquitto_ctrl"),
            ["dynsec", "init", folder.file("dynsec.json"), "admin", "pw"]
        )
        #expect(made.status == 0, "\(made.errors)")
        let broker = try Broker(
            """
            listener %PORT% 127.0.0.1
            cafile \(certificates.path("ca.crt"))
            certfile \(certificates.path("server.crt"))
            keyfile \(certificates.path("server.key"))
            require_certificate true
            plugin \(Broker.plugin("dynamic_security"))
            plugin_opt_config_file %DIR%/dynsec.json

            """,
            workers: 2,
            files: ["dynsec.json": folder.read("dynsec.json")]
        )
        let words = [
            "--cafile", certificates.path("root.crt"), "--cert", certificates.path("client.crt"),
            "--key", certificates.path("client.key"), "-u", "admin", "-P", "pw",
        ]
        return (broker, words)
    }

    @Test(
        "Debian's tools over TLS with a certificate: publishing lines, a URL, requests, dynamic security",
        .enabled(if: ClientLibrary.hasOriginal)
    )
    func tools() throws {
        let (broker, login) = try secured()
        let place = ["-h", "localhost", "-p", "\(broker.port)"] + login
        for kind in ["publishClientSend", "publishClientReceive", "subscribePattern"] {
            let added = try run(
                "/usr/bin/mosquitto_ctrl",
                place + ["dynsec", "addRoleACL", "admin", kind, "#", "allow"]
            )
            #expect(added.status == 0, "\(added.errors)")
        }
        let listed = try run("/usr/bin/mosquitto_ctrl", place + ["dynsec", "listClients"])
        #expect(listed.output == "admin\n")
        // What is published meanwhile waits in a session.
        let script = """
            /usr/bin/mosquitto_sub "$@" -i keeper -c -t 'tools/#' -q 2 -E
            seq 4 | /usr/bin/mosquitto_pub "$@" -t tools/lines -q 2 -l
            /usr/bin/mosquitto_pub "$@" -t tools/end -q 2 -m end
            /usr/bin/mosquitto_sub "$@" -i keeper -c -t 'tools/#' -q 2 -C 5 -F '%t %p %q' -W 20
            """
        let lines = try run("/bin/bash", ["-c", script, "sh"] + place)
        #expect(lines.status == 0, "\(lines.errors)")
        let expected = (1...4).map { "tools/lines \($0) 2\n" }.joined() + "tools/end end 2\n"
        #expect(lines.output == expected)
        let request = """
            /usr/bin/mosquitto_sub "$@" -i keeper -c -t rr/a -q 1 -E
            /usr/bin/mosquitto_rr "$@" -t rr/a -e rr/b -q 1 -m question -W 20 & rr=$!
            /usr/bin/mosquitto_sub "$@" -i keeper -c -t rr/a -q 1 -C 1 -W 20
            /usr/bin/mosquitto_pub "$@" -t rr/b -m answer -q 1
            wait $rr
            """
        let answer = try run("/bin/bash", ["-c", request, "sh"] + place)
        #expect(answer.output == "question\nanswer\n", "\(answer.errors)")
        let url = "mqtts://admin:pw@localhost:\(broker.port)/tools/url"
        let tls = login.dropLast(4)
        let published = try run(
            "/usr/bin/mosquitto_pub",
            ["-L", url, "-m", "kept", "-r", "-q", "1"] + tls
        )
        #expect(published.status == 0, "\(published.errors)")
        let kept = try run("/usr/bin/mosquitto_sub", ["-L", url, "-C", "1", "-W", "20"] + tls)
        #expect(kept.output == "kept\n", "\(kept.errors)")
        let stranger = try run(
            "/usr/bin/mosquitto_pub",
            ["-L", url, "-m", "x", "--cafile", login[1]]
        )
        #expect(stranger.status != 0)
    }

    @Test("Python through ctypes, with a loop of its own")
    func python() throws {
        let broker = try Broker.shared(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\n",
            workers: 2
        )
        let program = Broker.packageRoot + "/Tests/ClientLibraryTests/Programs/ctypes_client.py"
        let outcome = try run("/usr/bin/env", ["python3", program, "127.0.0.1", "\(broker.port)"])
        #expect(outcome.errors == "")
        #expect(
            outcome.output == "connected 0 True\ngranted [2]\n"
                + "[('text 0', 0), ('text 1', 1), ('text 2', 2)]\n"
        )
    }
}
