// SPDX-License-Identifier: Apache-2.0
// Who may connect: anonymous clients and the password file.

import TestSupport
import Testing

@Suite("Anonymous clients and passwords")
struct AnonymousAndPasswords {
    /// user:password and alice:wonderland by PBKDF2, user6 and alice6 by plain SHA-512.
    static let passwordFile = """
        # a comment

        user:$7$101$BPiZbadjt6lpsQKO$BRUdfFAG5PIEiEHft6xcgA0cOrR3+mUtaWntsL8+J6RkmS52kBLwVAJJNS4vdYoPCNC5Z8U+qPXz4ALdG8g7vQ==
        alice:$7$101$K9gGyX8OAK8aH8My$aXOXe6qLDx7jbOEYyNbW+Rcfn4hhnYMAfraCOnUMa26iSv4Ub/lvRLQZE3I+qQgupLQVhlrQUnYd7WB4e+6k2Q==
        user6:$6$7LSKHMlPlRJS7EYv$UrvgOCLRcdPo1P/zAfVIRexdEoH3IZNUGyS548iW/nH04aN8V6MKE7z55Jy9H8WpQ7adaAUBtwrDrjpvoKmYVQ==

        """

    /// One listener with the password file `pw` in the broker's directory.
    static let passwords = """
        listener %PORT% 127.0.0.1
        password_file %DIR%/pw
        log_type all

        """

    struct Rule: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let config: String?
        let allowed: Bool
    }

    static let listener = "listener %PORT% 127.0.0.1\n"

    static let rules: [Rule] = [
        Rule(testDescription: "no file", config: nil, allowed: true),
        Rule(testDescription: "no listener", config: "log_type all\n", allowed: true),
        Rule(
            testDescription: "no listener, forbidden",
            config: "allow_anonymous false\n",
            allowed: false
        ),
        Rule(testDescription: "listener", config: listener, allowed: false),
        Rule(testDescription: "port", config: "port %PORT%\n", allowed: false),
        Rule(
            testDescription: "listener, global true",
            config: "allow_anonymous true\n" + listener,
            allowed: true
        ),
        Rule(
            testDescription: "listener, then global true",
            config: listener + "allow_anonymous true\n",
            allowed: true
        ),
        Rule(
            testDescription: "listener true",
            config: listener + "listener_allow_anonymous true\n",
            allowed: true
        ),
        Rule(
            testDescription: "global true, listener false",
            config: "allow_anonymous true\n" + listener + "listener_allow_anonymous false\n",
            allowed: false
        ),
        Rule(
            testDescription: "global false, listener true",
            config: "allow_anonymous false\n" + listener + "listener_allow_anonymous true\n",
            allowed: true
        ),
        Rule(
            testDescription: "per listener true",
            config: "per_listener_settings true\n" + listener + "allow_anonymous true\n",
            allowed: true
        ),
        Rule(
            testDescription: "per listener, the other one true",
            config: "per_listener_settings true\n" + listener
                + "listener %PORT2% 127.0.0.1\nallow_anonymous true\n",
            allowed: false
        ),
    ]

    @Test(
        "Anonymous clients are allowed by default only without a listener",
        arguments: rules,
        reactors
    )
    func rule(rule: Rule, workers: Int) throws {
        let broker = try Broker(
            rule.config,
            workers: workers,
            arguments: rule.config?.contains("%PORT%") == true ? [] : ["-p", "%PORT%"]
        )
        let client = try RawClient(broker)
        client.send(Wire.connect("a", .v4))
        if rule.allowed {
            try client.expect("20 02 00 00")
            // Without any check a username is no obstacle.
            _ = try RawClient.connected(to: broker, "b", username: "u", password: "p")
        } else {
            try client.expectClosed(after: hex("20 02 00 05"))
            let newer = try RawClient(broker)
            newer.send(Wire.connect("a", .v5))
            try newer.expectClosed(after: hex("20 03 00 87 00"))
            let named = try RawClient(broker)
            named.send(Wire.connect("a", .v4, username: "u", password: "p"))
            try named.expectClosed(after: hex("20 02 00 05"))
        }
    }

    static let logins: [(String?, String?, Bool)] = [
        ("user", "password", true), ("alice", "wonderland", true), ("user6", "password", true),
        ("user", "wonderland", false), ("user", nil, false), ("user", "", false),
        ("nobody", "password", false), ("User", "password", false), (nil, nil, false),
        ("", nil, false),
    ]

    // [MQTT-3.1.4-2] [MQTT-3.2.2-7] [MQTT311-3.2.2-5]
    @Test(
        "A password file lets in those who know their password",
        arguments: 0..<logins.count,
        reactors
    )
    func login(index: Int, workers: Int) throws {
        let (username, password, allowed) = Self.logins[index]
        let broker = try Broker(Self.passwords, workers: workers, files: ["pw": Self.passwordFile])
        for version in Version.allCases {
            let client = try RawClient(broker)
            client.send(Wire.connect("c", version, username: username, password: password))
            if allowed {
                try client.expect(Wire.connack(version))
                try client.disconnect()
            } else {
                try client.expectClosed(
                    after: hex(version == .v5 ? "20 03 00 87 00" : "20 02 00 05")
                )
                let address = "127.0.0.1:\(client.localPort)"
                let user = username.flatMap { $0.isEmpty ? nil : ", u'\($0)'" } ?? ""
                let isEmpty = password?.isEmpty ?? true
                let reason =
                    user.isEmpty
                    ? "no user name, and allow_anonymous is false"
                    : isEmpty
                        ? "no password (plugin password-file)"
                        : Self.passwordFile.contains("\(username ?? ""):")
                            ? "wrong password (plugin password-file)"
                            : "unknown user (plugin password-file)"
                try broker.waitForLog(
                    exactly: "Denied CONNECT from c [\(address)]\(user). Reason: \(reason)."
                )
                try broker.waitForLog(
                    exactly: "Client c [\(address)] disconnected: not authorised."
                )
            }
        }
    }

    @Test("A password file and anonymous clients go together", arguments: reactors)
    func both(workers: Int) throws {
        let broker = try Broker(
            Self.passwords + "allow_anonymous true\n",
            workers: workers,
            files: ["pw": Self.passwordFile]
        )
        _ = try RawClient.connected(to: broker, "a")
        _ = try RawClient.connected(to: broker, "b", username: "user", password: "password")
        let wrong = try RawClient(broker)
        wrong.send(Wire.connect("c", .v4, username: "user", password: "no"))
        try wrong.expectClosed(after: hex("20 02 00 05"))
    }

    static let badFiles: [(String, String)] = [
        ("user:", "Error: Unable to decode line in password file"),
        ("user:plain", "Error: Unable to decode line in password file"),
        ("user:$5$abc$def", "Error: Unable to decode line in password file"),
        ("user:$7$101$!!!$###", "Error: Unable to decode line in password file"),
        ("user:$6$abc", "Error: Unable to decode line in password file"),
        (":$6$abcd$abcd", "Error: Invalid line in password file"),
    ]

    @Test("A broken password file keeps the broker from starting", arguments: badFiles)
    func broken(line: String, message: String) throws {
        let directory = try Broker.makeDirectory()
        let port = try Broker.freePort()
        try CommandLine.write(line + "\n", to: directory + "/pw")
        try CommandLine.write(
            "listener \(port) 127.0.0.1\npassword_file \(directory)/pw\nuser root\n",
            to: directory + "/c.conf"
        )
        let outcome = try ChildProcess.run(Broker.executable, ["-c", directory + "/c.conf"])
        #expect(outcome.status == 3)
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
    }
}
