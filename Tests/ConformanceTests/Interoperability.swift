// SPDX-License-Identifier: Apache-2.0
// Clients other people wrote: Debian's mosquitto_pub, _sub, _rr and PyPI's paho-mqtt.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite("Interoperability")
struct Interoperability {
    static let versions = ["mqttv31", "mqttv311", "mqttv5"]

    static func publish(_ broker: Broker, _ arguments: [String]) throws -> Outcome {
        let outcome = try ChildProcess.run(
            "/usr/bin/mosquitto_pub",
            ["-p", "\(broker.port)"] + arguments
        )
        #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
        return outcome
    }

    /// Starts mosquitto_sub and waits until the broker has answered its SUBSCRIBE.
    static func subscriber(_ broker: Broker, _ arguments: [String]) throws -> ChildProcess {
        let id = unique("sub")
        let child = try ChildProcess(
            "/usr/bin/mosquitto_sub",
            ["-p", "\(broker.port)", "-i", id, "-W", "15"] + arguments
        )
        try broker.waitForLog(exactly: "Sending SUBACK to \(id)", seconds: 10)
        return child
    }

    @Test(
        "mosquitto_pub reaches mosquitto_sub in every version and QoS",
        arguments: versions,
        reactors
    )
    func pubSub(version: String, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        for qos in ["0", "1", "2"] {
            let topic = unique("t")
            let child = try Self.subscriber(
                broker,
                ["-V", version, "-t", "\(topic)/#", "-q", qos, "-C", "3", "-F", "%t %q %p"]
            )
            for name in ["a", "b", "c"] {
                _ = try Self.publish(
                    broker,
                    ["-V", version, "-t", "\(topic)/\(name)", "-q", qos, "-m", "hello \(name)"]
                )
            }
            let outcome = try #require(child.wait())
            #expect(outcome.status == 0)
            let expected = ["a", "b", "c"].map { "\(topic)/\($0) \(qos) hello \($0)\n" }.joined()
            #expect(outcome.output == expected)
        }
    }

    // [MQTT311-7.0.0-2]
    @Test("Versions meet each other", arguments: versions, reactors)
    func mixed(version: String, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let children = try Self.versions.map {
            try Self.subscriber(broker, ["-V", $0, "-t", topic, "-q", "2", "-C", "1"])
        }
        _ = try Self.publish(broker, ["-V", version, "-t", topic, "-q", "2", "-m", "for all"])
        for child in children { #expect(child.wait()?.output == "for all\n") }
    }

    @Test("Retained messages: kept, removed, shown alone", arguments: versions, reactors)
    func retained(version: String, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        _ = try Self.publish(broker, ["-V", version, "-t", topic, "-r", "-q", "1", "-m", "kept"])
        let shown = try Self.subscriber(
            broker,
            ["-V", version, "-t", topic, "-C", "1", "-F", "%r %p"]
        )
        #expect(shown.wait()?.output == "1 kept\n")
        _ = try Self.publish(broker, ["-V", version, "-t", topic, "-r", "-q", "1", "-n"])
        let empty = try RawClient.connected(to: broker)
        try empty.subscribe(topic)
        try empty.expectSilence()
    }

    @Test("Large payloads from a file arrive whole", arguments: versions, reactors)
    func file(version: String, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let text = String(repeating: "0123456789", count: 50_000)
        let path = broker.directory + "/" + topic
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        let child = try Self.subscriber(
            broker,
            ["-V", version, "-t", topic, "-q", "1", "-C", "1", "-N"]
        )
        _ = try Self.publish(broker, ["-V", version, "-t", topic, "-q", "1", "-f", path])
        let outcome = try #require(child.wait())
        #expect(outcome.output.count == text.count && outcome.output == text)
    }

    @Test("The will of a killed client is sent", arguments: versions, reactors)
    func will(version: String, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("will")
        let watcher = try RawClient.connected(to: broker)
        try watcher.subscribe(topic)
        let child = try Self.subscriber(
            broker,
            ["-V", version, "-t", "nothing", "--will-topic", topic, "--will-payload", "killed"]
        )
        child.signal(SIGKILL)
        try watcher.expectPublish(topic, "killed")
    }

    @Test("A durable subscriber gets what it missed", arguments: versions, reactors)
    func durable(version: String, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (topic, id) = (unique("t"), unique("durable"))
        var arguments = [
            "-p", "\(broker.port)", "-V", version, "-i", id, "-c", "-t", topic, "-q", "1",
        ]
        if version == "mqttv5" { arguments += ["-x", "1000"] }
        let first = try ChildProcess.run("/usr/bin/mosquitto_sub", arguments + ["-E"])
        #expect(first.status == 0, "\(first.errors)")
        _ = try Self.publish(broker, ["-V", version, "-t", topic, "-q", "1", "-m", "missed"])
        let second = try ChildProcess.run(
            "/usr/bin/mosquitto_sub",
            arguments + ["-C", "1", "-W", "10"]
        )
        #expect(second.output == "missed\n")
    }

    @Test("Properties of version 5 arrive in mosquitto_sub", arguments: reactors)
    func properties(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let child = try Self.subscriber(
            broker,
            ["-V", "mqttv5", "-t", topic, "-C", "3", "-F", "%C|%R|%D|%P|%p"]
        )
        _ = try Self.publish(
            broker,
            [
                "-V", "mqttv5", "-t", topic, "-m", "m", "--repeat", "3", "-D", "publish",
                "content-type", "text",
                "-D", "publish", "response-topic", "back", "-D", "publish", "correlation-data",
                "cd",
                "-D", "publish", "user-property", "k", "v", "-D", "publish", "topic-alias", "4",
            ]
        )
        #expect(child.wait()?.output == String(repeating: "text|back|cd|k:v|m\n", count: 3))
    }

    @Test("mosquitto_rr gets its answer", arguments: ["mqttv311", "mqttv5"], reactors)
    func requestResponse(version: String, workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let (request, response) = (unique("request"), unique("response"))
        let server = try RawClient.connected(to: broker, unique("c"), .v5)
        try server.subscribe(request)
        let child = try ChildProcess(
            "/usr/bin/mosquitto_rr",
            [
                "-p", "\(broker.port)", "-V", version, "-t", request, "-e", response, "-m",
                "question", "-W", "10",
            ]
        )
        let list = version == "mqttv5" ? Property.responseTopic(response) : []
        try server.expectPublish(request, "question", properties: list)
        server.publish(response, "answer")
        #expect(child.wait()?.output == "answer\n")
    }

    @Test("Shared subscriptions divide among mosquitto_sub processes", arguments: reactors)
    func shared(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let topic = unique("t")
        let children = try (0..<3).map { _ in
            try Self.subscriber(
                broker,
                ["-V", "mqttv5", "-t", "$share/g/\(topic)", "-q", "1", "-C", "4"]
            )
        }
        for number in 0..<12 {
            _ = try Self.publish(
                broker,
                ["-V", "mqttv5", "-t", topic, "-q", "1", "-m", "\(number)"]
            )
        }
        for (index, child) in children.enumerated() {
            #expect(child.wait()?.output == (0..<4).map { "\(index + 3 * $0)\n" }.joined())
        }
    }

    @Test("Username and password go through", arguments: versions, reactors)
    func password(version: String, workers: Int) throws {
        let broker = try Broker(
            AnonymousAndPasswords.passwords,
            workers: workers,
            files: ["pw": AnonymousAndPasswords.passwordFile]
        )
        _ = try Self.publish(
            broker,
            ["-V", version, "-t", "a", "-m", "m", "-u", "user", "-P", "password"]
        )
        let wrong = try ChildProcess.run(
            "/usr/bin/mosquitto_pub",
            [
                "-p", "\(broker.port)", "-V", version, "-t", "a", "-m", "m", "-u", "user", "-P",
                "wrong",
            ]
        )
        #expect(wrong.status != 0)
        #expect(wrong.errors.lowercased().contains("not authori"), "\(wrong.errors)")
    }

    @Test("A file of mosquitto_passwd lets its user in", arguments: reactors)
    func passwordTool(workers: Int) throws {
        let directory = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = directory + "/pw"
        let made = try ChildProcess.run(
            "/usr/bin/mosquitto_passwd",
            ["-b", "-c", path, "bob", "secret"]
        )
        #expect(made.status == 0, "\(made.errors)")
        let broker = try Broker(
            "listener %PORT% 127.0.0.1\npassword_file \(path)\n",
            workers: workers
        )
        _ = try Self.publish(broker, ["-t", "a", "-m", "m", "-u", "bob", "-P", "secret"])
    }

    @Test("paho-mqtt does all it can", arguments: reactors)
    func paho(workers: Int) throws {
        let broker = try Broker.shared(workers: workers)
        let script = Broker.packageRoot + "/Tests/python/paho_interop.py"
        let outcome = try ChildProcess.run(
            "/usr/bin/env",
            [Broker.python, script, "\(broker.port)", unique("paho")],
            seconds: 60
        )
        #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.errors)")
        #expect(outcome.output.hasSuffix("all passed\n"))
    }
}
