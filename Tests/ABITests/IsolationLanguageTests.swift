// SPDX-License-Identifier: Apache-2.0
// Plugins in other languages, with runtimes of their own, and what they do when something goes wrong in them.

import Foundation
import Glibc
import TestSupport
import Testing

@Suite struct IsolationLanguageTests {
    /// How a plugin is built, and what it says before it ends.
    struct Language: Sendable, CustomTestStringConvertible {
        let name: String
        /// A shell command: `$1` is the folder of sources, `$2` that of headers, `$3` the plugin.
        let command: String
        let lastWords: String

        var testDescription: String { name }
    }

    static let languages = [
        Language(
            name: "C++",
            command: "g++ -shared -fPIC -Wall -Wextra -Werror -I$2 -o $3 $1/throws.cpp",
            lastWords: "terminate called after throwing an instance of 'std::runtime_error'"
        ),
        Language(
            name: "Rust",
            command: "rustc --crate-type cdylib -o $3 $1/panics.rs",
            lastWords: "there is nobody"
        ),
        Language(
            name: "Python",
            command: "cc -shared -fPIC -I$2 $(/usr/bin/python3-config --includes) -o $3"
                + " $1/host_python.c $(/usr/bin/python3-config --ldflags --embed)",
            lastWords: "Fatal Python error: Segmentation fault"
        ),
    ]

    private static let tools = ["C++": "g++", "Rust": "rustc", "Python": "/usr/bin/python3-config"]

    /// Those whose tools are here.
    private static let present = languages.filter { language in
        let outcome = try? ChildProcess.run(
            "/bin/sh",
            [
                "-c",
                "command -v \(tools[language.name] ?? "") && \(tools[language.name] ?? "") --version || true",
            ]
        )
        return outcome?.output.isEmpty == false
    }

    @Test(
        "A plugin in any language ends, and is followed by another one",
        arguments: present
    )
    func language(_ language: Language) throws {
        let directory = try Broker.makeDirectory()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let plugin = "\(directory)/plugin.so"
        let built = try ChildProcess.run(
            "/bin/sh",
            [
                "-c", language.command, "sh", Headers.sources, "\(Broker.packageRoot)/include",
                plugin,
            ],
            seconds: 120
        )
        #expect(built.status == 0, "\(built.errors)")
        let broker = try Broker(
            "listener %PORT% 127.0.0.1\nallow_anonymous true\nlog_type all\nplugin \(plugin)\n"
                + "plugin_isolation process\n",
            workers: 2,
            environment: IsolationTests.quietly
        )
        let client = try RawClient.connected(to: broker, "c", .v5)
        try client.publish1("good", reason: 0x10)
        client.send(Wire.publish(.v5, "throw", "x", qos: 1, id: 2))
        try client.expect(Wire.puback(2, 0x87), seconds: 10)
        try client.publish1("good", id: 3, reason: 0x10)
        let line = try broker.waitForLog(containing: "in a 'acl-check' callback about c [")
        #expect(line.contains(language.lastWords), "\(line)")
        try broker.stop()
    }
}
