// SPDX-License-Identifier: Apache-2.0
// What is loaded and how: symbols, scopes, failures, built-in files, other people's plugins.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite(.serialized) struct HostLoadTests {
    static let debianDynsec = "/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so"
    static let debianCtrl = "/usr/bin/mosquitto_ctrl"
    static let listener = "listener %PORT% 127.0.0.1\nlog_type all\n"

    @Test("Two C plugins with equal names of global helpers each call their own")
    func equalNames() throws {
        let broker = try Broker(
            Self.listener + "plugin \(HostPlugin.helperA.get().path)\n"
                + "plugin \(HostPlugin.helperB.get().path)\n",
            workers: 1
        )
        #expect(broker.records == ["a calls a, 1", "b calls b, 1"])
    }

    @Test(
        "With plugin_symbols global the first definition of a name counts for all",
        .inBrokerOnly("processes share no variables")
    )
    func globalSymbols() throws {
        let broker = try Broker(
            Self.listener + "plugin \(HostPlugin.helperA.get().path)\n"
                + "plugin_symbols global\n"
                + "plugin \(HostPlugin.helperB.get().path)\nplugin_symbols global\n",
            workers: 1
        )
        #expect(broker.records == ["a calls a, 1", "b calls a, 2"])
    }

    @Test("The executable exports what linker.syms and the headers say, and nothing more")
    func exports() throws {
        let symbols = try ChildProcess.run(
            "/usr/bin/nm",
            ["-D", "--defined-only", Broker.executable]
        )
        let names = symbols.output.split(separator: "\n").compactMap {
            $0.split(separator: " ").last
        }
        let exported = Set(
            names.filter { $0.hasPrefix("mosquitto_") || $0.hasPrefix("libcommon_") }.map(
                String.init
            )
        )
        let list = try String(
            contentsOfFile: Broker.packageRoot + "/linker.syms",
            encoding: .utf8
        )
        let listed = Set(list.matches(of: /\w{3,}/).map { String($0.output) })
        #expect(exported == listed)
        let declared = Set(try Headers.exported().map(\.name))
        #expect(
            exported.subtracting(["libcommon_vprintf"])
                == declared.subtracting(["libcommon_vprintf"])
        )
    }

    @Test("The common library as a file exports what its headers declare, and nothing else in C")
    func commonLibraryExports() throws {
        let symbols = try ChildProcess.run(
            "/usr/bin/nm",
            ["-D", "--defined-only", "--extern-only", HostPlugin.commonLibrary]
        )
        let names = symbols.output.split(separator: "\n").compactMap {
            $0.split(separator: " ").last.map(String.init)
        }
        let declared = try Headers.exported().filter { $0.mark == "libmosqcommon_EXPORT" }.map(
            \.name
        )
        #expect(Set(names) == Set(declared).union(["libcommon_vprintf"]))
    }

    @Test("A plugin that needs libmosquitto_common.so.1 finds its functions in the broker")
    func commonLibrary() throws {
        let plugin = try HostPlugin.needsCommon.get()
        let broker = try Broker(Self.listener + "plugin \(plugin.path)\n", workers: 1)
        #expect(broker.records == ["base64 aGVsbG8=", "name user-property"])
        #expect(!(try Self.maps(of: broker.process.pid).contains("libmosquitto_common")))
        try broker.stop()
    }

    @Test(
        "The common library serves a plugin in the original broker",
        .enabled(if: access("/usr/sbin/mosquitto", X_OK) == 0)
    )
    func commonLibraryElsewhere() throws {
        let plugin = try HostPlugin.needsCommon.get()
        let directory = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let copy = directory + "/libmosquitto_common.so.1"
        try FileManager.default.copyItem(atPath: HostPlugin.commonLibrary, toPath: copy)
        // The port is taken, so the broker ends as soon as its plugins are loaded.
        let taken = try Broker("listener %PORT% 127.0.0.1\nallow_anonymous true\n", workers: 1)
        let path = directory + "/conf"
        try "user root\nlistener \(taken.port) 127.0.0.1\nplugin \(plugin.path)\n"
            .write(toFile: path, atomically: false, encoding: .utf8)
        let outcome = try ChildProcess.run(
            "/usr/sbin/mosquitto",
            ["-c", path],
            environment: ["LD_LIBRARY_PATH": directory]
        )
        #expect(outcome.errors.contains("REC base64 aGVsbG8="), "\(outcome.errors)")
        #expect(outcome.errors.contains("REC name user-property"), "\(outcome.errors)")
    }

    private static func maps(of pid: Int32) throws -> String {
        try String(contentsOfFile: "/proc/\(pid)/maps", encoding: .utf8)
    }

    struct Failure: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let source: String
        let line: String
    }

    static let failures: [Failure] = [
        Failure(
            testDescription: "no entry point",
            source: "int nothing;",
            line: "Error: Unable to load auth plugin function"
                + " mosquitto_auth_plugin_version() or mosquitto_plugin_version()."
        ),
        Failure(
            testDescription: "no initialisation",
            source:
                "int mosquitto_plugin_version(int n, const int *v) { return n > 0 ? v[0] : 0; }",
            line: "Error: Unable to load plugin function mosquitto_plugin_init()."
        ),
        Failure(
            testDescription: "no cleanup in version 4",
            source: "int mosquitto_auth_plugin_version(void) { return 4; }"
                + "int mosquitto_auth_plugin_init(void **u, void *o, int n)"
                + "{ return u == 0 && o == 0 && n == 0; }",
            line: "undefined symbol: mosquitto_auth_plugin_cleanup"
        ),
        Failure(
            testDescription: "version 6",
            source: "int mosquitto_plugin_version(int n, const int *v)"
                + "{ return n == 4 && v[0] == 5 && v[1] == 4 && v[2] == 3 && v[3] == 2 ? 6 : 99; }",
            line: "Error: Unsupported auth plugin version (got 6, expected 5): "
        ),
        Failure(
            testDescription: "version 1",
            source: "int mosquitto_auth_plugin_version(void) { return 1; }",
            line: "Error: Unsupported auth plugin version (got 1, expected 5): "
        ),
        Failure(
            testDescription: "a symbol nobody has",
            source: "void nowhere_at_all(void);"
                + "int mosquitto_plugin_version(int n, const int *v)"
                + "{ nowhere_at_all(); return n > 0 ? v[0] : 0; }",
            line: "Load error: "
        ),
    ]

    @Test("What is no plugin ends the broker with status 13", arguments: failures)
    func loadFailure(failure: Failure) throws {
        let directory = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try failure.source.write(
            toFile: directory + "/p.c",
            atomically: false,
            encoding: .utf8
        )
        let compiled = try ChildProcess.run(
            "/usr/bin/cc",
            ["-shared", "-fPIC", "-o", directory + "/p.so", directory + "/p.c"]
        )
        #expect(compiled.status == 0, "\(compiled.errors)")
        let path = directory + "/conf"
        try "user root\nplugin \(directory)/p.so\n"
            .write(toFile: path, atomically: false, encoding: .utf8)
        let outcome = try ChildProcess.run(Broker.executable, ["-c", path])
        #expect(outcome.status == 13)
        #expect(outcome.errors.contains(failure.line), "\(outcome.errors)")
    }

    @Test("A plugin for one listener is asked about its clients only, and initialised once")
    func listenerScope() throws {
        let plugin = try #require(HostPlugin.recorders[5]).get()
        let broker = try Broker(
            """
            log_type all
            plugin_load rec \(plugin.path)
            listener %PORT% 127.0.0.1
            allow_anonymous true
            listener %PORT2% 127.0.0.1
            plugin_use rec
            listener %PORT3% 127.0.0.1
            plugin_use rec

            """,
            workers: 1
        )
        _ = try RawClient.connected(to: broker, "free")
        _ = try RawClient.connected(to: broker, "asked", port: broker.ports[1])
        _ = try RawClient.connected(to: broker, "asked-too", port: broker.ports[2])
        try broker.waitForLog(containing: "REC connect client=asked-too")
        #expect(broker.records.filter { $0.hasPrefix("init options") }.count == 1)
        #expect(!broker.records.contains { $0.contains("client=free") })
        #expect(broker.records.contains { $0.contains("connect client=asked ") })
    }

    @Test("The password file is asked first and its refusal stands; a plugin refuses beside it")
    func fileAndPlugin() throws {
        let plugin = try #require(HostPlugin.recorders[5]).get()
        let passwords = try Self.passwordFile([("user", "right"), ("wrong", "right")])
        let broker = try Broker(
            Self.listener + "password_file %DIR%/pw\nplugin \(plugin.path)\n",
            workers: 1,
            files: ["pw": passwords]
        )
        _ = try RawClient.connected(to: broker, "good", username: "user", password: "right")
        // The plugin accepts everybody but the user "wrong".
        for (name, user, password) in [
            ("a", "user", "bad"), ("b", "unknown", "x"), ("c", "wrong", "right"),
        ] {
            let client = try RawClient(broker)
            client.send(Wire.connect(name, username: user, password: password))
            try client.expectClosed(after: [0x20, 2, 0, 5])
        }
        #expect(!broker.records.contains { $0.hasPrefix("basic-auth client=a ") })
        #expect(!broker.records.contains { $0.hasPrefix("basic-auth client=b ") })
        #expect(broker.records.contains { $0.hasPrefix("basic-auth client=c ") })
        try broker.stop()
    }

    @Test("A broken password file ends a start with status 3, and on reload leaves the old one")
    func brokenFile() throws {
        let good = try Self.passwordFile([("user", "right")])
        let broker = try Broker(
            Self.listener + "password_file %DIR%/pw\n",
            workers: 1,
            files: ["pw": good]
        )
        let path = broker.directory + "/pw"
        try (good + "broken:line\n").write(toFile: path, atomically: false, encoding: .utf8)
        broker.process.signal(SIGHUP)
        try broker.waitForLog(containing: "Unable to decode line in password file")
        _ = try RawClient.connected(to: broker, "c", username: "user", password: "right")
        let second = try ChildProcess.run(Broker.executable, ["-c", broker.configurationPath])
        #expect(second.status == 3)
        try broker.stop()
    }

    private static func passwordFile(_ users: [(String, String)]) throws -> String {
        let path = NSTemporaryDirectory() + "/host-pw-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { unlink(path) }
        for (index, (user, password)) in users.enumerated() {
            let outcome = try ChildProcess.run(
                "/usr/bin/mosquitto_passwd",
                ["-b"] + (index == 0 ? ["-c"] : []) + [path, user, password]
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test(
        "Debian's dynamic-security loads and is administered with Debian's mosquitto_ctrl",
        .enabled(if: access(debianDynsec, R_OK) == 0 && access(debianCtrl, X_OK) == 0)
    )
    func debianDynamicSecurity() throws {
        let seed = NSTemporaryDirectory() + "/host-dynsec-\(getpid()).json"
        defer { unlink(seed) }
        let made = try ChildProcess.run(Self.debianCtrl, ["dynsec", "init", seed, "admin", "pw"])
        #expect(made.status == 0, "\(made.errors)")
        let broker = try Broker(
            Self.listener + "plugin \(Self.debianDynsec)\nplugin_opt_config_file %DIR%/ds.json\n",
            workers: 1,
            files: ["ds.json": try String(contentsOfFile: seed, encoding: .utf8)]
        )
        func ctrl(_ arguments: String...) throws -> String {
            let outcome = try ChildProcess.run(
                Self.debianCtrl,
                ["-h", "127.0.0.1", "-p", "\(broker.port)", "-u", "admin", "-P", "pw", "dynsec"]
                    + arguments
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            return outcome.output
        }
        _ = try ctrl("createClient", "alice", "-p", "wonder")
        _ = try ctrl("createRole", "reader")
        _ = try ctrl("addRoleACL", "reader", "subscribePattern", "t/#", "allow")
        _ = try ctrl("addRoleACL", "reader", "publishClientSend", "t/#", "allow")
        _ = try ctrl("addClientRole", "alice", "reader")
        #expect(try ctrl("listClients").contains("alice"))
        let client = try RawClient.connected(
            to: broker,
            "a",
            .v5,
            username: "alice",
            password: "wonder"
        )
        try client.subscribe("t/#", 1)
        client.send(Wire.subscribe(.v5, id: 2, [("x/#", 0)]))
        try client.expect(Wire.suback(.v5, id: 2, [0x87]))
        client.send(Wire.publish(.v5, "t/1", "hi"))
        try client.expectPublish("t/1", "hi")
        _ = try ctrl("disableClient", "alice")
        try client.expectClosed(after: [0xE0, 1, 0x98])
        try broker.stop()
    }

    @Test(
        "The plugins of plugins-c work in this broker",
        arguments: ["test_plugins", "test_scram"]
    )
    func plugins(test: String) throws {
        let made = try ChildProcess.run(
            "/usr/bin/make",
            ["-C", Broker.packageRoot + "/plugins-c"],
            seconds: 120
        )
        #expect(made.status == 0, "\(made.errors)")
        let python = ProcessInfo.processInfo.environment["PYTHON"] ?? "python3"
        let outcome = try ChildProcess.run(
            "/usr/bin/env",
            [python, "-m", "unittest", test],
            directory: Broker.packageRoot + "/Tests/PluginsC",
            environment: ["BROKER": Broker.executable],
            seconds: 120
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
    }
}
