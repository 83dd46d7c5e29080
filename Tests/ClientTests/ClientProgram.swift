// SPDX-License-Identifier: Apache-2.0
// The clients of other people that the tests drive, and how to start them.

import Foundation
import TestSupport
import Testing

/// A program around somebody else's client; `Programs/common.py` tells what it is asked and what it answers.
struct ClientProgram: Sendable, CustomTestStringConvertible {
    /// The name of the program, without what its file ends with.
    let name: String
    /// The library a program in C is linked against; nil for one in Python.
    var library: String?
    /// The protocol versions it speaks.
    var versions = [4, 5]
    /// The largest window a publisher may be given, by version: not all keep to the broker's Receive Maximum.
    var sendWindows = [4: 100, 5: 100]
    /// Whether it publishes with QoS 2, else with QoS 0.
    var hasQoS2 = true
    /// Whether a publisher survives the end of a connection.
    var publishesOn = true
    /// Whether a receiver survives it.
    var receivesOn = true
    /// How many messages make a burst in the default run, and in the long one.
    var burst = (short: 500, long: 2000)

    var testDescription: String { name }

    static let all = [
        // 2.0.11 takes in twice what is sent to it again, whoever's broker that is: then it hands on one message
        // twice, or counts itself out of its own Receive Maximum and gives up every further connection.
        ClientProgram(name: "libmosquitto", library: "mosquitto", receivesOn: false),
        // 1.3.12 leaves Nagle's algorithm on: a receiver with a small window gets 20 messages a second. A publisher
        // that is cut sometimes sends again what it has given back to the heap.
        ClientProgram(
            name: "paho_c",
            library: "paho-mqtt3a",
            publishesOn: false,
            burst: (40, 500)
        ),
        ClientProgram(name: "paho_python", sendWindows: [4: 100, 5: 20]),
        ClientProgram(name: "aiomqtt_client", sendWindows: [4: 100, 5: 20], publishesOn: false),
        // It can use one packet identifier less than the broker would take.
        ClientProgram(name: "gmqtt_client", sendWindows: [4: 100, 5: 19]),
        // It gives up what it waits for, and leaves a PUBREL unanswered that it did not expect.
        ClientProgram(
            name: "amqtt_client",
            versions: [4],
            publishesOn: false,
            receivesOn: false
        ),
        ClientProgram(
            name: "mqttools_client",
            versions: [5],
            hasQoS2: false,
            publishesOn: false,
            receivesOn: false
        ),
    ]

    private static let folder = Broker.packageRoot + "/Tests/ClientTests/Programs/"

    /// Programs in C by name, compiled once.
    private static let compiled = Dictionary(
        uniqueKeysWithValues: all.compactMap { program in
            program.library.map { library in
                (program.name, Result { try compile(program.name, library) })
            }
        }
    )

    private static let built = Result { try Broker.makeDirectory() }

    private static func compile(_ name: String, _ library: String) throws -> String {
        let path = try built.get() + "/" + name
        let outcome = try ChildProcess.run(
            "/usr/bin/cc",
            [
                "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", folder + name + ".c", "-o",
                path, "-l" + library, "-lpthread",
            ]
        )
        guard outcome.status == 0 else { throw Mismatch("cc \(name).c: \(outcome.errors)") }
        return path
    }

    /// Removes what has been compiled.
    static func cleanUp() {
        if let path = try? built.get() { try? FileManager.default.removeItem(atPath: path) }
    }

    /// Starts the program.
    func start(_ arguments: [String]) throws -> ChildProcess {
        if library == nil {
            let script = Self.folder + name + ".py"
            return try ChildProcess("/usr/bin/env", [Broker.python, script] + arguments)
        }
        guard let path = try Self.compiled[name]?.get() else { throw Mismatch("no \(name)") }
        return try ChildProcess(path, arguments)
    }
}
