// SPDX-License-Identifier: Apache-2.0
// Debian's broker, which the tools have to work with.

extension Broker {
    /// Starts Debian's broker.
    package static func debian(
        _ configuration: String,
        in directory: String? = nil,
        files: [String: String] = [:]
    ) throws -> Broker {
        try Broker(configuration, of: .original, workers: 1, in: directory, files: files)
    }

    /// Starts it with the dynamic security plugin and the administrator `admin`, password `pw`.
    package static func debianWithDynamicSecurity() throws -> Broker {
        let folder = try TemporaryFolder()
        // 2.0 cannot read the stored passwords of 2.1, so its own tool makes the file.
        let made = try ChildProcess.run(
            "/usr/bin/mosquitto_ctrl",
            ["dynsec", "init", folder.file("dynsec.json"), "admin", "pw"]
        )
        guard made.status == 0 else { throw Mismatch("dynsec init: \(made.errors)") }
        return try debian(
            """
            listener %PORT% 127.0.0.1
            allow_anonymous false
            plugin /usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so
            plugin_opt_config_file %DIR%/dynsec.json

            """,
            files: ["dynsec.json": folder.read("dynsec.json")]
        )
    }
}
