// SPDX-License-Identifier: Apache-2.0
// The plugins of plugins-c: how they are built, what they export, and that they work.

import Foundation
import TestSupport
import Testing

/// Builds the plugins once for all tests of this file.
private enum CPlugins {
    static let folder = Broker.packageRoot + "/plugins-c"
    static let tests = Broker.packageRoot + "/Tests/PluginsC"
    static let originalBroker = "/usr/sbin/mosquitto"
    /// Whose plugin for SCRAM: ours in C, ours in Swift.
    static let scramPlugins = ["\(folder)/scram/scram.so", "\(products)/libmosquitto_scram.so"]
    /// The brokers that are here.
    static let brokers = [originalBroker, Broker.executable]
        .filter { FileManager.default.isExecutableFile(atPath: $0) }

    /// Where the products of this package are, beside the tests.
    private static let products = URL(fileURLWithPath: "/proc/self/exe")
        .resolvingSymlinksInPath().deletingLastPathComponent().path

    static let build = Result {
        try ChildProcess.run("/usr/bin/make", ["-C", folder], seconds: 120)
    }

    /// Runs Python tests with a broker; `$PYTHON` may name an interpreter that has `scramp`.
    static func run(_ test: String, _ environment: [String: String]) throws -> Outcome {
        let python = ProcessInfo.processInfo.environment["PYTHON"] ?? "python3"
        return try ChildProcess.run(
            "/usr/bin/env",
            [python, "-m", "unittest", test],
            directory: tests,
            environment: environment,
            seconds: 120
        )
    }
}

@Suite(.serialized) struct CPluginTests {
    @Test("The plugins build without a warning, and export their entry points alone")
    func exportsEntryPoints() throws {
        let build = try CPlugins.build.get()
        #expect(build.status == 0, "\(build.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: CPlugins.folder)
            .filter { FileManager.default.fileExists(atPath: "\(CPlugins.folder)/\($0)/\($0).so") }
        #expect(names.count >= 10)
        for name in names {
            let path = "\(CPlugins.folder)/\(name)/\(name).so"
            let symbols = try ChildProcess.run("/usr/bin/nm", ["-D", "--defined-only", path])
            for line in symbols.output.split(separator: "\n") {
                #expect(line.contains(/T mosquitto_(auth|plugin)_\w+$/), "\(name): \(line)")
            }
        }
    }

    @Test("[RFC 5802] [RFC 7677] The SCRAM exchange passes its vectors and refuses what it must")
    func scramExchange() throws {
        let program = NSTemporaryDirectory() + "/scram-test-\(getpid())"
        defer { unlink(program) }
        let scram = CPlugins.folder + "/scram"
        let sources = ["exchange", "credentials", "crypto", "prepare"].map { "\(scram)/\($0).c" }
        let compiled = try ChildProcess.run(
            "/usr/bin/cc",
            ["-std=c11", "-Wall", "-Wextra", "-Werror", "-fsanitize=undefined", "-I\(scram)"]
                + ["\(CPlugins.tests)/scram_test.c"] + sources + [
                    "-lcrypto", "-lidn", "-o", program,
                ],
            seconds: 60
        )
        #expect(compiled.status == 0, "\(compiled.errors)")
        let outcome = try ChildProcess.run(program, [])
        #expect(outcome.output == "passed\n")
        #expect(outcome.errors.isEmpty, "\(outcome.errors)")
    }

    @Test("The plugins work in the original broker and in ours", arguments: CPlugins.brokers)
    func worksInBrokers(broker: String) throws {
        #expect(try CPlugins.build.get().status == 0)
        let outcome = try CPlugins.run("test_plugins", ["BROKER": broker])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test(
        "[RFC 5802] Another implementation of SCRAM logs in with either plugin in either broker",
        arguments: CPlugins.brokers,
        CPlugins.scramPlugins
    )
    func scramWithAnother(broker: String, plugin: String) throws {
        #expect(try CPlugins.build.get().status == 0)
        let outcome = try CPlugins.run("test_scram", ["BROKER": broker, "SCRAM_PLUGIN": plugin])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(!outcome.errors.contains("skipped"), "scramp, from PyPI, is not installed")
    }

    @Test("[RFC 5802] No client can tell the two SCRAM plugins apart, whatever it sends")
    func scramPluginsAlike() throws {
        #expect(try CPlugins.build.get().status == 0)
        let lists = [
            "BROKERS": CPlugins.brokers.joined(separator: ":"),
            "SCRAM_PLUGINS": CPlugins.scramPlugins.joined(separator: ":"),
        ]
        let outcome = try CPlugins.run("test_scram_alike", lists)
        #expect(outcome.status == 0, "\(outcome.errors)")
    }
}
