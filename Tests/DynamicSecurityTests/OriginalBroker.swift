// SPDX-License-Identifier: Apache-2.0
// The original broker with our plugin or its own, administered over MQTT.

import Foundation
import TestSupport

/// An original broker (or another, where a test says so) that runs with one dynamic-security plugin and one administrator.
final class OriginalBroker {
    static let executable = "/usr/sbin/mosquitto"
    static let control = "/usr/bin/mosquitto_ctrl"
    static let ownPlugin = "/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so"
    static let adminPassword = "admin-password"

    /// Our plugin, built beside the tests.
    static let ourPlugin: String = {
        let candidates = [Bundle.main.bundlePath, CommandLine.arguments[0]].flatMap { path in
            let folder = (path as NSString).deletingLastPathComponent
            return [path, folder].map { $0 + "/libmosquitto_dynamic_security.so" }
        }
        return candidates.first { FileManager.default.fileExists(atPath: $0) }
            ?? TestSupport.Broker.packageRoot + "/.build/debug/libmosquitto_dynamic_security.so"
    }()

    /// Whether everything is installed that these tests need.
    static let isAvailable = [executable, control, ownPlugin, ourPlugin].allSatisfy {
        FileManager.default.fileExists(atPath: $0)
    }

    let directory: String
    let port: Int
    private let process: ChildProcess

    /// The state file's path in a directory.
    static func statePath(_ directory: String) -> String { directory + "/dynsec.json" }

    /// A directory with a state file made by the original tool.
    static func makeDirectory() throws -> String {
        let directory = try TestSupport.Broker.makeDirectory()
        let made = try ChildProcess.run(
            control,
            ["dynsec", "init", statePath(directory), "admin", adminPassword]
        )
        guard made.status == 0 else { throw Mismatch("mosquitto_ctrl dynsec init: \(made.errors)") }
        return directory
    }

    /// Starts a broker in a directory and waits until it runs.
    init(
        in directory: String,
        plugin: String,
        options: String = "",
        executable: String = OriginalBroker.executable
    ) throws {
        self.directory = directory
        port = try TestSupport.Broker.freePort()
        let configuration = """
            listener \(port) 127.0.0.1
            allow_anonymous false
            user root
            log_type all
            plugin \(plugin)
            plugin_opt_config_file \(OriginalBroker.statePath(directory))
            \(options)

            """
        let path = directory + "/mosquitto.conf"
        try configuration.write(toFile: path, atomically: true, encoding: .utf8)
        process = try ChildProcess(executable, ["-c", path])
        guard process.errors.wait(seconds: 20, where: { $0.hasSuffix(" running") }) != nil else {
            throw Mismatch("the original broker did not start:\n\(process.errors.text)")
        }
    }

    /// Waits for a log line that contains `text`.
    func waitForLog(_ text: String) throws {
        guard process.errors.wait(seconds: 10, where: { $0.contains(text) }) == nil else { return }
        throw Mismatch("no line has '\(text)':\n\(process.errors.text)")
    }

    /// Ends the broker in the middle of whatever it does.
    func crash() { process.signal(SIGKILL) }

    /// Waits until a crashed broker is gone.
    func waitForEnd() throws {
        guard process.wait(seconds: 10) != nil else { throw Mismatch("the broker still runs") }
    }

    /// Ends the broker as an administrator would; the exit status must be 0.
    func stop() throws {
        process.signal(SIGTERM)
        guard let outcome = process.wait(seconds: 10), outcome.status == 0 else {
            throw Mismatch("the broker did not end well:\n\(process.errors.text)")
        }
    }
}

/// An administrator's connection.
final class Administrator {
    private static let topic = "$CONTROL/dynamic-security/v1"
    private let client: RawClient

    convenience init(_ broker: OriginalBroker) throws {
        try self.init(port: broker.port)
    }

    init(port: Int) throws {
        client = try RawClient(port: port)
        client.patienceSeconds = 20
        client.send(
            Wire.connect(unique("admin"), username: "admin", password: OriginalBroker.adminPassword)
        )
        try client.expect(Wire.connack(.v4))
        try client.subscribe(Administrator.topic + "/response")
    }

    /// Sends a control message without waiting for its answer.
    func send(_ message: String) {
        client.send(Wire.publish(.v4, Administrator.topic, message))
    }

    /// The next answer; nil when the connection ends first.
    func nextAnswer() throws -> String? {
        guard let packet = client.nextPacket(seconds: 20) else { return nil }
        // A fixed header, the topic with its length, and the rest is the payload.
        guard packet[0] == 0x30,
            let headerEnd = packet.dropFirst().firstIndex(where: { $0 & 0x80 == 0 })
        else {
            throw Mismatch("unexpected packet \(hexText(packet))")
        }
        let topicCount = Int(packet[headerEnd + 1]) << 8 | Int(packet[headerEnd + 2])
        return String(decoding: packet[(headerEnd + 3 + topicCount)...], as: UTF8.self)
    }

    /// Sends one command, given as the members of its object, and returns the answer.
    func run(_ command: String) throws -> String {
        send(#"{"commands":[{\#(command)}]}"#)
        guard let answer = try nextAnswer() else { throw Mismatch("no answer to \(command)") }
        return answer
    }
}
