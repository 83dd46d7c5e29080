// SPDX-License-Identifier: Apache-2.0
// mosquitto_ctrl broker health: whether a broker serves clients.

import TestSupport
import Testing

@Suite("mosquitto_ctrl broker health")
struct HealthCheckTests {
    private func check(
        _ port: Int,
        _ options: [String] = [],
        _ words: [String] = ["broker", "health"]
    ) throws -> Outcome {
        try ChildProcess.run(
            ToolProgram.ctrl.path,
            ["-h", "127.0.0.1", "-p", "\(port)"] + options + words,
            environment: ["XDG_CONFIG_HOME": "/nonexistent"]
        )
    }

    @Test("A broker that says so is ready")
    func ready() throws {
        let broker = try Broker.shared("enable_control_api true\n" + Broker.plain, workers: 1)
        var outcome = try check(broker.port)
        #expect(outcome.status == 0 && outcome.output == "ready\n" && outcome.errors.isEmpty)
        outcome = try check(broker.port, ["--json"])
        #expect(outcome.status == 0 && outcome.output == "{\"status\":\"ready\"}\n")
    }

    @Test(
        "A broker that does not say more answers",
        arguments: [
            ("", "answers (without a control API)\n"),
            (
                "enable_control_api true\nallow_anonymous false\n",
                "answers (it does not let this user in)\n"
            ),
            (
                "enable_control_api true\nacl_file %DIR%/acl\n",
                "answers (this user may not ask for more)\n"
            ),
        ]
    )
    func answers(options: String, line: String) throws {
        let broker = try Broker(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\n" + options,
            workers: 1,
            files: ["acl": "topic read #\n"]
        )
        for version in ["mqttv311", "mqttv5"] where version == "mqttv5" || !options.contains("acl")
        {
            let outcome = try check(broker.port, ["-V", version])
            #expect(outcome.status == 0 && outcome.output == line, "\(outcome)")
        }
    }

    @Test("Debian's broker answers")
    func debian() throws {
        let broker = try Broker.debian("listener %PORT% 127.0.0.1\nallow_anonymous true\n")
        let outcome = try check(broker.port)
        #expect(outcome.status == 0 && outcome.output.hasPrefix("answers"), "\(outcome)")
    }

    @Test("No broker is not healthy, and the command has no arguments")
    func failures() throws {
        let port = try Broker.freePort()
        #expect(try check(port).status != 0)
        let broker = try Broker.shared(Broker.plain, workers: 1)
        let outcome = try check(broker.port, [], ["broker", "health", "now"])
        #expect(outcome.status != 0 && outcome.errors.contains("health takes no arguments"))
    }
}
