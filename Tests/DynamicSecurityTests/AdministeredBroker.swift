// SPDX-License-Identifier: Apache-2.0
// A broker, the original or ours, with a dynamic-security plugin and an administrator.

import Foundation
import TestSupport

/// Starts brokers, the original or ours, with one dynamic-security plugin and one administrator.
enum AdministeredBroker {
    private static let control = "/usr/bin/mosquitto_ctrl"
    /// The original's plugin.
    static let originalPlugin = "/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so"
    /// Our plugin, built beside the tests.
    static let ownPlugin = TestSupport.Broker.plugin("dynamic_security")
    /// The password of the administrator, who is called `admin`.
    static let password = "admin-password"

    /// Whether everything is installed that tests with the original need.
    static let isAvailable =
        TestSupport.Broker.Program.original.isInstalled
        && [control, originalPlugin, ownPlugin].allSatisfy {
            FileManager.default.fileExists(atPath: $0)
        }

    /// The state file's path in a directory.
    static func statePath(_ directory: String) -> String { directory + "/dynsec.json" }

    /// A directory with a state file made by the original tool.
    static func makeDirectory() throws -> String {
        let directory = try TestSupport.Broker.makeDirectory()
        let made = try ChildProcess.run(
            control,
            ["dynsec", "init", statePath(directory), "admin", password]
        )
        guard made.status == 0 else { throw Mismatch("mosquitto_ctrl dynsec init: \(made.errors)") }
        return directory
    }

    /// Starts a broker in a directory and waits until it runs; the directory stays.
    static func start(
        in directory: String,
        plugin: String,
        options: String = "",
        of program: TestSupport.Broker.Program = .original
    ) throws -> TestSupport.Broker {
        try TestSupport.Broker(
            """
            listener %PORT% 127.0.0.1
            allow_anonymous false
            log_type all
            plugin \(plugin)
            plugin_opt_config_file \(statePath(directory))
            \(options)

            """,
            of: program,
            workers: 2,
            in: directory
        )
    }
}
