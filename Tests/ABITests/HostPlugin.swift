// SPDX-License-Identifier: Apache-2.0
// Plugins in C for tests of the plugin host: compiled once, then loaded into the broker under test.

import Foundation
import TestSupport

/// A plugin compiled from a source of `Tests/ABITests/C`.
struct HostPlugin: Sendable {
    /// The shared object.
    let path: String

    /// Compiles against the headers of the project; `name` tells variants of a source apart.
    init(
        _ source: String,
        named name: String,
        _ flags: [String] = [],
        libraries: [String] = []
    ) throws {
        path = "\(Self.folder)/\(name).so"
        let outcome = try ChildProcess.run(
            "/usr/bin/cc",
            ["-shared", "-fPIC", "-g", "-Wall", "-Wextra", "-Werror", "-pthread"]
                + ["-I\(Broker.packageRoot)/include"] + flags
                + ["-o", path, "\(Headers.sources)/\(source).c"] + libraries,
            seconds: 60
        )
        guard outcome.status == 0 else { throw Mismatch("cc: \(outcome.errors)") }
    }

    /// The recorder of interface version 5 to 2.
    static let recorders: [Int: Result<HostPlugin, any Error>] = Dictionary(
        uniqueKeysWithValues: (2...5).map { version in
            (version, Result { try recorder(version) })
        }
    )

    /// What answers as it is told to, of interface version 4 to 2.
    static let oldCodes: [Int: Result<HostPlugin, any Error>] = Dictionary(
        uniqueKeysWithValues: (2...4).map { version in
            let flag = "-DMOSQUITTO_AUTH_INTERFACE=\(version)"
            return (
                version,
                Result { try HostPlugin("host_old_codes", named: "old_codes\(version)", [flag]) }
            )
        }
    )

    static let helperA = Result {
        try HostPlugin("host_helper", named: "helper_a", ["-DNAME=\"a\""])
    }
    static let helperB = Result {
        try HostPlugin("host_helper", named: "helper_b", ["-DNAME=\"b\""])
    }
    static let sleeper = Result { try HostPlugin("host_sleeper", named: "sleeper") }
    static let delayer = Result { try HostPlugin("host_delayer", named: "delayer") }
    static let ticket = Result { try HostPlugin("host_ticket", named: "ticket") }
    static let direct = Result { try HostPlugin("host_direct", named: "direct") }
    static let busybody = Result { try HostPlugin("host_busybody", named: "busybody") }

    /// A persistence plugin, and one that may be called on any thread.
    static let keeper = Result { try HostPlugin("host_keeper", named: "keeper") }
    static let directKeeper = Result {
        try HostPlugin("host_keeper", named: "keeper_direct", ["-DDIRECT"])
    }

    /// A persistence plugin with the habits of other people.
    static let stranger = Result {
        try HostPlugin("host_stranger", named: "stranger", libraries: ["-lcjson"])
    }

    static let signals = Result { try HostPlugin("host_signals", named: "signals") }
    static let directSignals = Result {
        try HostPlugin("host_signals", named: "signals_direct", ["-DDIRECT"])
    }
    static let editor = Result { try HostPlugin("host_editor", named: "editor") }

    static let hostile = Result { try HostPlugin("host_hostile", named: "hostile") }

    static let answers = Result { try HostPlugin("host_answers", named: "answers") }
    static let control = Result { try HostPlugin("host_control", named: "control") }
    static let exchange = Result { try HostPlugin("host_exchange", named: "exchange") }
    static let functions = Result { try HostPlugin("host_functions", named: "functions") }
    static let needsCommon = Result {
        try HostPlugin(
            "host_common",
            named: "needs_common",
            libraries: ["-Wl,--no-as-needed", commonLibrary]
        )
    }

    /// The common library as it was built.
    static let commonLibrary =
        (Broker.executable as NSString).deletingLastPathComponent + "/libmosquitto_common.so"

    private static func recorder(_ version: Int) throws -> HostPlugin {
        if version == 5 { return try HostPlugin("host_recorder", named: "recorder5") }
        return try HostPlugin(
            "host_recorder_old",
            named: "recorder\(version)",
            ["-DMOSQUITTO_AUTH_INTERFACE=\(version)"]
        )
    }

    private static let folder: String = {
        let folder = NSTemporaryDirectory() + "/host-plugins-\(getpid())"
        try? FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
        atexit { try? FileManager.default.removeItem(atPath: HostPlugin.folder) }
        return folder
    }()
}

extension Broker {
    /// What plugins have recorded, in order.
    var records: [String] {
        process.errors.lines.map { Broker.withoutPluginName(Broker.withoutTimeStamp($0)) }
            .filter { $0.hasPrefix("REC ") }
            .map { String($0.dropFirst(4)) }
    }

    /// Without `Plugin NAME: `, which stands before what the process of a plugin writes by itself.
    private static func withoutPluginName(_ line: String) -> String {
        guard isolatesPlugins, line.hasPrefix("Plugin "), let end = line.firstRange(of: ": ") else {
            return line
        }
        return String(line[end.upperBound...])
    }
}
