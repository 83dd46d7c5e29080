// SPDX-License-Identifier: Apache-2.0
// Logins, password hashes, and the state a first start makes.

import DynamicSecurity
import Foundation
import Testing

@Suite struct LoginTests {
    // MARK: - Hashes

    @Test(
        "Hashes of all known forms are verified",
        arguments: [
            "$6$AAECAwQFBgcICQoL$JqsxEv/ucyxjA5DKsQ+Y8CDWaQDNQI9FpAkmfwAqWfwZLk/JEGgM0EpylrJHAZKKyFQjJeZ3nFaHjPzOzPPmPw==",
            "$6$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==$wEYf8F4/yHDmlCt3YmMXwFi//Ux0IOce8NucN+r/9QAuqoVaYz7SU9131YSsyqLHn9NUpM/F4yTaDANhOFpYTQ==",
            "$7$101$AAECAwQFBgcICQoL$Xr99N9ym9ys8TWxis5ajETJq6EVYzmc6nb8t3pUYnPBbCAbICS4xejTltonXWCtJNBvA+By+TXUqU6qCblO00w==",
            "$7$1000$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==$j5aX3DstWRgO5cjjfvKvsf7Z/KK812T4wGDMih+DCHQg8P7++fmj4sZcMp1smkEafZL0QZ29tE5ezahL/nyffw==",
        ]
    )
    func vectors(_ encoded: String) {
        #expect(StoredPassword.verify("secret", against: ByteString(encoded)))
        #expect(!StoredPassword.verify("secreT", against: ByteString(encoded)))
        #expect(!StoredPassword.verify("", against: ByteString(encoded)))
    }

    @Test("New hashes have 64 bytes of salt, the asked-for iterations, and differ each time")
    func newHashes() throws {
        let first = try #require(StoredPassword.make("pw", iterations: 7))
        let second = try #require(StoredPassword.make("pw", iterations: 7))
        #expect(first != second && first.text.hasPrefix("$7$7$"))
        #expect(first.text.split(separator: "$").map(\.count) == [1, 1, 88, 88])
        #expect(StoredPassword.verify("pw", against: first))
    }

    @Test(
        "What is no hash fits no password",
        arguments: [
            "", "secret", "$7$", "$7$0$AAAA$AAAA", "$7$1$AAAA$AAAA", "$7$x$$", "$8$a$b", "$6$a",
            "$argon2id$",
        ]
    )
    func noHash(_ encoded: String) {
        #expect(!StoredPassword.verify("secret", against: ByteString(encoded)))
        #expect(!StoredPassword.verify("", against: ByteString(encoded)))
    }

    // MARK: - Decisions

    @Test("Logins are decided in the documented order")
    func decisions() throws {
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        for command in [
            #""createClient","username":"u","password":"p""#,
            #""createClient","username":"fixed","password":"p","clientid":"only""#,
            #""createClient","username":"none""#,
            #""createClient","username":"empty","password":"""#,
            #""createClient","username":"off","password":"p""#,
            #""disableClient","username":"off""#,
        ] { #expect(!fixture.run(#""command":\#(command)"#).contains("error")) }
        #expect(fixture.login(nil, "p") == .pass)
        #expect(fixture.login("u", nil) == .pass)
        #expect(fixture.login("stranger", "p") == .pass)
        #expect(fixture.login("u", "p") == .allow)
        #expect(fixture.login("u", "P") == .deny)
        #expect(fixture.login("u", "") == .deny)
        #expect(fixture.login("fixed", "p") == .deny)
        #expect(fixture.login("fixed", "p", clientID: "only") == .allow)
        #expect(fixture.login("none", "") == .deny)
        #expect(fixture.login("empty", "") == .deny)
        #expect(fixture.login("off", "p") == .deny)
    }

    @Test("A login that fails for whatever reason takes a hash as dear as one for its password")
    func sameWork() throws {
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        func isHashed(_ user: String, _ password: String?, clientID: String = "cid") -> Bool {
            switch fixture.beginLogin(user, password, clientID: clientID) {
            case .decided: false
            case .verify: true
            case .pretend(let decoy, _): decoy.text.hasPrefix("$7$") && decoy.text.count > 100
            }
        }
        for command in [
            #""createClient","username":"u","password":"p""#,
            #""createClient","username":"fixed","password":"p","clientid":"only""#,
            #""createClient","username":"none""#,
            #""createClient","username":"off","password":"p""#,
            #""disableClient","username":"off""#,
        ] { #expect(!fixture.run(#""command":\#(command)"#).contains("error")) }
        for user in ["u", "stranger", "fixed", "none", "off", ""] {
            #expect(isHashed(user, "wrong"), "\(user)")
            #expect(!isHashed(user, ""), "\(user)")
            #expect(!isHashed(user, nil), "\(user)")
        }
    }

    @Test("A client that may not come in is refused without a password as well, others are passed")
    func confirmation() throws {
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        for command in [
            #""createClient","username":"on""#,
            #""createClient","username":"fixed","clientid":"only""#,
            #""createClient","username":"off""#,
            #""disableClient","username":"off""#,
        ] { #expect(!fixture.run(#""command":\#(command)"#).contains("error")) }
        #expect(fixture.login("on", nil) == .pass)
        #expect(fixture.login("stranger", nil) == .pass)
        #expect(fixture.login("off", nil) == .deny)
        #expect(fixture.login("fixed", nil) == .deny)
        #expect(fixture.login("fixed", nil, clientID: "only") == .pass)
        _ = fixture.run(#""command":"enableClient","username":"off""#)
        #expect(fixture.login("off", nil) == .pass)
        _ = fixture.run(#""command":"disableClient","username":"on""#)
        #expect(fixture.login("on", nil) == .deny)
        _ = fixture.run(#""command":"deleteClient","username":"on""#)
        #expect(fixture.login("on", nil) == .pass)
    }

    @Test("A password that was right lately is not hashed again, unless the client has changed it")
    func recentLogins() throws {
        let fixture = try EngineFixture()
        defer { fixture.remove() }
        _ = fixture.run(#""command":"createClient","username":"u","password":"p""#)
        func isDecidedAtOnce(_ password: String) -> Bool {
            let step = Array("u".utf8).withUnsafeBufferPointer { name in
                Array(password.utf8).withUnsafeBufferPointer {
                    fixture.engine.beginLogin(username: name, password: $0, clientID: name)
                }
            }
            if case .decided = step { return true }
            return false
        }
        #expect(!isDecidedAtOnce("p"))
        #expect(fixture.login("u", "p") == .allow)
        #expect(isDecidedAtOnce("p") && !isDecidedAtOnce("q"))
        _ = fixture.run(#""command":"setClientPassword","username":"u","password":"q""#)
        #expect(!isDecidedAtOnce("p") && !isDecidedAtOnce("q"))
        #expect(fixture.login("u", "p") == .deny)
        #expect(fixture.login("u", "q") == .allow)
        _ = fixture.run(#""command":"disableClient","username":"u""#)
        #expect(fixture.login("u", "q") == .deny)
    }

    @Test(
        "With password_upgrade a login replaces a weaker hash, and the new one survives a restart"
    )
    func upgrade() throws {
        let fixture = try EngineFixture { $0.passwordIterations = 1 }
        defer { fixture.remove() }
        _ = fixture.run(#""command":"createClient","username":"u","password":"p""#)
        func iterations(_ fixture: EngineFixture) -> String? {
            fixture.engine.directory.snapshot().clients["u"]?.fields.password?.text
                .split(separator: "$").dropFirst().first.map(String.init)
        }
        #expect(iterations(fixture) == "1")
        let unchanged = try EngineFixture(in: fixture.directory) { $0.passwordIterations = 3 }
        #expect(unchanged.login("u", "p") == .allow)
        #expect(iterations(unchanged) == "1")
        let upgraded = try EngineFixture(in: fixture.directory) {
            $0.passwordIterations = 3
            $0.upgradesPasswords = true
        }
        #expect(upgraded.login("u", "x") == .deny)
        #expect(iterations(upgraded) == "1")
        #expect(upgraded.login("u", "p") == .allow)
        #expect(iterations(upgraded) == "3")
        #expect(upgraded.login("u", "p") == .allow)
        #expect(upgraded.run(#""command":"getDetails""#).contains(#""changeIndex":1"#))
        let restarted = try EngineFixture(in: fixture.directory)
        #expect(iterations(restarted) == "3" && restarted.login("u", "p") == .allow)
    }

    // MARK: - First start

    @Test(
        "Without a file one is generated with random passwords, which are left in a file beside it"
    )
    func generatedPasswords() throws {
        let directory = try EngineFixture.makeDirectory(nil)
        let fixture = try EngineFixture(in: directory)
        defer { fixture.remove() }
        let lines = try String(contentsOfFile: fixture.path + ".pw", encoding: .utf8)
            .split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(lines.map(\.count) == [2, 2])
        #expect(lines.map(\.[0]) == ["admin", "democlient"])
        for line in lines {
            #expect(line[1].count == 20)
            #expect(fixture.login(line[0], line[1]) == .allow)
        }
        #expect(
            fixture.log == [
                "info Dynamic security plugin config not found, generating a default config.",
                "info   Generated passwords are at \(fixture.path).pw",
            ]
        )
        for path in [fixture.path, fixture.path + ".pw"] {
            var information = stat()
            #expect(stat(path, &information) == 0 && information.st_mode & 0o777 == 0o600)
        }
        #expect(
            fixture.run(#""command":"listRoles""#).contains(
                #"["broker-admin","client","dynsec-admin","super-admin","sys-notify","sys-observe","topic-observe"]"#
            )
        )
        #expect(fixture.run(#""command":"getAnonymousGroup""#).contains("unauthenticated"))
        #expect(fixture.check(.write, "$CONTROL/dynamic-security/v1", user: "admin") == .allow)
        #expect(fixture.check(.write, "a", user: "admin") == .defer)
        #expect(fixture.check(.subscribe, "$SYS/#", user: "admin") == .allow)
        #expect(fixture.check(.write, "a", user: "democlient") == .allow)
        #expect(fixture.check(.write, "$CONTROL/dynamic-security/v1", user: "democlient") == .defer)
    }

    @Test("The first line of password_init_file becomes the administrator's password")
    func initFile() throws {
        let directory = try EngineFixture.makeDirectory(nil)
        let file = directory + "/pw"
        try "the password \t\r\nsecond line\n".write(
            toFile: file,
            atomically: false,
            encoding: .utf8
        )
        let fixture = try EngineFixture(in: directory) { $0.passwordInitFile = file }
        defer { fixture.remove() }
        #expect(fixture.login("admin", "the password") == .allow)
        #expect(fixture.login("democlient", "x") == .pass)
        #expect(fixture.log.last == "info   Using admin password from file '\(file)'")
        #expect(!FileManager.default.fileExists(atPath: fixture.path + ".pw"))
    }

    @Test("Without a usable first password no file is written", arguments: ["", "\n", nil])
    func noPassword(_ content: String?) throws {
        let directory = try EngineFixture.makeDirectory(nil)
        let file = directory + "/pw"
        try content?.write(toFile: file, atomically: false, encoding: .utf8)
        let fixture = try EngineFixture(in: directory) { $0.passwordInitFile = file }
        defer { fixture.remove() }
        #expect(!FileManager.default.fileExists(atPath: fixture.path))
        #expect(fixture.log.filter { $0.hasPrefix("error") }.count == 2)
        #expect(fixture.login("admin", "") == .pass)
    }

    @Test("An existing file of generated passwords is not overwritten")
    func existingPasswordFile() throws {
        let directory = try EngineFixture.makeDirectory(nil)
        try "admin old\n".write(
            toFile: directory + "/dynsec.json.pw",
            atomically: false,
            encoding: .utf8
        )
        let fixture = try EngineFixture(in: directory)
        defer { fixture.remove() }
        #expect(!FileManager.default.fileExists(atPath: fixture.path))
        #expect(try String(contentsOfFile: fixture.path + ".pw", encoding: .utf8) == "admin old\n")
    }

    @Test(
        "Options are read without regard to case; nonsense is complained about and changes nothing"
    )
    func options() {
        var complaints: [String] = []
        let settings = Settings([
            ("CONFIG_FILE", "/x"), ("password_init_file", "/y"), ("password_iterations", "5000"),
            ("password_upgrade", "True"), ("compaction_delay_ms", "7"), ("unknown", "z"),
        ]) { complaints.append($0) }
        #expect(settings.configFile == "/x" && settings.passwordInitFile == "/y")
        #expect(settings.passwordIterations == 5000 && settings.upgradesPasswords)
        #expect(settings.compactionDelayMilliseconds == 7 && complaints.isEmpty)
        let defaults = Settings([
            ("password_iterations", "0"), ("password_upgrade", "maybe"),
            ("compaction_delay_ms", "-1"),
        ]) { complaints.append($0) }
        #expect(complaints.count == 3)
        #expect(defaults.passwordIterations == 1000 && !defaults.upgradesPasswords)
    }
}
